//! `bytesback textcoin` as people use it.

use std::time::Duration;

use crate::common::{run, until};
use crate::stage::{Stage, someone};

/// Claims with the command; whether it went well, and what it said.
fn claim(stage: &Stage, words: &str, to: &str) -> (bool, String) {
    let (hub, genesis) = (stage.hub_url(), stage.genesis().expect("a devnet has one").to_string());
    run(&["textcoin", "claim", "--words", words, "--to", to, "--hub", &hub, "--genesis", &genesis])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_claims_and_says_what_is_wrong() {
    let stage = Stage::set(Duration::from_secs(3600)).await;
    let order = stage.buy(1).await.remove(0);
    let words = stage.words(&order).await;
    let to = someone("a customer");
    let (good, said) = claim(&stage, &words.link(), &to.to_string());
    assert!(good && said.contains("unit ") && said.contains(to.as_str()), "{said}");
    until("it has arrived", async || stage.got(to).await > 0).await;

    let again = || claim(&stage, &words.dashed(), &to.to_string());
    until("the claim is proven", async || {
        let (good, said) = again();
        assert!(!good, "{said}");
        assert!(said.contains("is not confirmed yet") || said.contains("has claimed it already"), "{said}");
        said.contains("has claimed it already")
    })
    .await;
    stage.have_ended(1, 0).await;

    let nobodys = "leave future vital protect magnet trumpet genius someone burger doctor cheese entry";
    let (good, said) = claim(&stage, nobodys, &to.to_string());
    assert!(!good && said.contains("nothing was ever paid to the address of these words"), "{said}");
    let (good, said) = claim(&stage, &nobodys.replace("leave", "leaves"), &to.to_string());
    assert!(!good && said.contains("these are not the twelve words"), "{said}");
    assert!(!said.contains("vital"), "words are as good as money: {said}");
    stage.audit().await;
    stage.end().await;
}
