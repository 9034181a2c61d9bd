//! Conversations of a light wallet of the reference with this devnet, held again without that wallet.
//!
//! What the wallet said is said again to a new network, with the hashes, indexes and signatures that
//! follow from it; units are composed anew with the same keys and outputs. What the hub answers must be
//! of the recorded kind: the same subjects and commands, the same texts, fields of the same names and
//! types, and in histories the same units, proven.

mod kind;
mod replay;
mod translation;

use std::path::PathBuf;

use serde_json::Value;

use replay::Replay;

/// The lines of all recordings, in their order.
fn recordings() -> Vec<(PathBuf, Vec<Value>)> {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let entries = std::fs::read_dir(dir).expect("the recordings are there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), lines(&path))).collect()
}

fn lines(path: &PathBuf) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("readable");
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[tokio::test]
async fn a_wallet_of_the_reference_is_answered_as_recorded() {
    let recordings = recordings();
    assert_eq!(recordings.len(), 6);
    let mut replay = Replay::new(&recordings[0].1[0]).await;
    for (path, lines) in &recordings {
        replay.hold(lines).await.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
