//! Mistyped mailboxes: what comes back is given anew, once, whatever lies in between.

use std::path::Path;
use std::time::Duration;

use bytesback::clock::{Clock, SystemClock};
use bytesback_client::{Client, CorrectionAnswer, CorrectionRequest, Endpoint};
use futures_util::future::join_all;
use ledger::Account;
use obyte::{Address, Bytes, Network};
use payout::{FeeLimits, PayoutId, Timestamp};
use store::{
    Asker, CorrectionOrder, CorrectionState, CorrectionVerdict, CorrectionWait, GivenAnew, GivingOrder,
    TextcoinEnd, TextcoinRecord, TextcoinState,
};

use crate::WEEK;
use crate::common::until;
use crate::kill::Server;
use crate::stage::{ENDPOINT, SHARE, Stage, someone};

fn right(order: &str) -> String {
    format!("right{order}@example.org")
}

async fn correct_at(client: &Client, order: &str) -> Option<CorrectionAnswer> {
    let request = CorrectionRequest {
        partner: "demo-shop".into(),
        partner_key: "demo-shop-key".into(),
        order_id: order.to_owned(),
        merchant: String::new(),
        email: right(order),
    };
    client.correct(Endpoint::Test, &request).await.ok()
}

impl Stage {
    /// The textcoin that holds for an order.
    async fn newest(&self, order: &str) -> TextcoinRecord {
        let key = self.key(order);
        self.store.textcoin(ENDPOINT, &key).await.expect("the store works").expect("it is a textcoin")
    }

    /// As the partner asks for it.
    async fn correct(&self, order: &str) -> CorrectionAnswer {
        correct_at(self.client(), order).await.expect("answered")
    }

    /// As an operator asks for it, beside the server or without one.
    async fn note(&self, order: &str) -> CorrectionVerdict {
        let (by, at) = (Asker::Operator, Timestamp::from_millis(1));
        let (key, mailbox) = (self.key(order), right(order).parse().expect("a mailbox"));
        let order = CorrectionOrder { key, mailbox, by, most: 0, limits: None, at };
        self.store.correct(ENDPOINT, order).await.expect("the store works")
    }

    async fn stands(&self, order: &str) -> CorrectionState {
        self.newest(order).await.corrections.last().expect("it was corrected").state
    }

    /// Waits until the cashback of an order was given anew, and a hub has it; the payout.
    async fn is_given_anew(&self, order: &str) -> PayoutId {
        until("it is given anew", async || {
            let record = self.newest(order).await;
            record.recipient.as_str() == right(order) && record.times.is_some()
        })
        .await;
        self.newest(order).await.payout.id
    }

    /// The files of mails to this mailbox.
    fn mails_to(&self, mailbox: &str) -> usize {
        let Ok(files) = std::fs::read_dir(self.folder().join("outbox")) else { return 0 };
        let texts = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
        texts.filter(|text| text.contains(&format!("To: {mailbox}"))).count()
    }
}

async fn claim_newest(stage: &Stage, order: &str, to: Address) -> bool {
    let issue = stage.newest(order).await.payout.payee.issue().expect("it was given");
    stage.claim_number(issue.no, to).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn corrected_cashback_is_given_once_and_every_byte_is_explained() {
    let stage = Stage::set(WEEK).await;
    let (fund, deposit) = (stage.balance(Account::Fund).await, stage.deposit().await);
    let orders = stage.buy(4).await;
    for order in &orders[..3] {
        assert_eq!(stage.correct(order).await, CorrectionAnswer::Ok { replayed: false });
    }
    for order in &orders[..3] {
        stage.is_given_anew(order).await;
    }
    stage.have_ended(0, 3).await;
    for order in &orders[..2] {
        assert!(stage.claim(order, someone("a stranger")).await.is_err(), "the old words are worth nothing");
        assert!(claim_newest(&stage, order, someone(order)).await);
    }
    stage.have_ended(2, 3).await;
    assert_eq!(stage.got(someone("a stranger")).await, 0);
    for order in &orders[..2] {
        let (got, cashback) = (stage.got(someone(order)).await, stage.cashback(order).await.get());
        assert!(got * 100 >= cashback * 99, "{got} of {cashback}");
        until("its mail is there", async || stage.mails_to(&right(order)) == 1).await;
    }
    let share = i64::try_from(SHARE).expect("small");
    assert_eq!(stage.deposit().await, deposit - 4 * share, "given once for each");
    let given = fund - stage.balance(Account::Fund).await;
    let shares = 4 * i64::try_from(stage.cashback(&orders[0]).await.get() - SHARE).expect("small");
    assert!((shares..shares + 50_000).contains(&given), "{given} of {shares}");
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_and_a_correction_race_and_one_of_them_wins() {
    const COUNT: u64 = 12;
    let stage = Stage::set(WEEK).await;
    let orders = stage.buy(COUNT).await;
    stage.all_is_proven().await;
    for order in &orders {
        assert_eq!(stage.note(order).await, CorrectionVerdict::Noted);
    }
    // The server begins with the oldest, the customers come from the other end.
    let claiming = orders.iter().rev().zip(0..).map(|(order, index)| {
        let stage = &stage;
        async move {
            tokio::time::sleep(Duration::from_millis(250 * index)).await;
            stage.claim(order, someone(order)).await.is_ok()
        }
    });
    join_all(claiming).await;
    let (mut claimed, mut anew) = (0, 0);
    for order in &orders {
        until("it is decided", async || !matches!(stage.stands(order).await, CorrectionState::Waits(_)))
            .await;
        let got = stage.got(someone(order)).await > 0;
        match stage.stands(order).await {
            CorrectionState::Claimed => {
                assert!(got && stage.newest(order).await.payout.id == stage.record(order).await.payout.id);
                claimed += 1;
            }
            CorrectionState::Given(_) => {
                assert!(!got, "order {order} is given once");
                stage.is_given_anew(order).await;
                anew += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(claimed > 0 && anew > 0, "both have won some: {claimed} and {anew}");
    stage.all_is_proven().await;
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_long_ago_is_given_anew_at_once() {
    let stage = Stage::set(Duration::from_secs(1)).await;
    let orders = stage.buy(1).await;
    stage.have_ended(0, 1).await;
    stage.correct(&orders[0]).await;
    let payout = stage.is_given_anew(&orders[0]).await;
    // It has the same time as the first, and is taken back after that.
    stage.have_ended(0, 2).await;
    assert_eq!(stage.newest(&orders[0]).await.payout.id, payout);
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_fund_lacks_is_waited_for_over_a_restart() {
    let mut stage = Stage::set(WEEK).await;
    let order = stage.buy(1).await.remove(0);
    stage.all_is_proven().await;
    stage.give_fund_away().await;
    stage.correct(&order).await;
    let waits = async |stage: &Stage| {
        let state = stage.stands(&order).await;
        matches!(state, CorrectionState::Waits(CorrectionWait::Fund(missing)) if missing > Bytes::ZERO)
    };
    until("it waits for the fund", async || waits(&stage).await).await;
    assert_eq!(stage.newest(&order).await.state(Timestamp::default()), TextcoinState::BeingCorrected);
    stage.restart(async |stage| assert!(waits(stage).await)).await;
    stage.fill_fund().await;
    stage.is_given_anew(&order).await;
    assert!(claim_newest(&stage, &order, someone("the customer")).await);
    stage.have_ended(1, 1).await;
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_between_return_and_payment_is_followed_by_one_that_pays_once() {
    let mut stage = Stage::set(Duration::from_secs(1)).await;
    let orders = stage.buy(2).await;
    stage.have_ended(0, 2).await;
    stage
        .restart(async |stage| {
            for order in &orders {
                assert_eq!(stage.note(order).await, CorrectionVerdict::Noted);
            }
            // One is accepted anew, and no payer told of it.
            let lock = stage.store.lock_payer(ENDPOINT).await.expect("no server runs");
            let at = SystemClock.now();
            let due = stage.store.due_corrections(ENDPOINT, at).await.expect("the store works");
            assert_eq!(due.len(), 2);
            let fee_reserve = FeeLimits::default().mailbox_reserve(Network::Devnet);
            let order = GivingOrder { correction: due[0], fee_reserve, limits: None, at };
            let given = stage.store.give_anew(&lock, order).await.expect("the store works");
            assert!(matches!(given, GivenAnew::Queued(_)), "{given:?}");
        })
        .await;
    for order in &orders {
        stage.is_given_anew(order).await;
    }
    stage.have_ended(0, 4).await;
    let listed = stage.store.textcoins(ENDPOINT, None, 9).await.expect("the store works");
    assert_eq!(listed.len(), 4, "each once");
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_that_is_damaged_keeps_nobody_else_from_being_paid() {
    let mut stage = Stage::set(Duration::from_secs(1)).await;
    let orders = stage.buy(2).await;
    stage.have_ended(0, 2).await;
    stage
        .restart(async |stage| {
            for order in &orders {
                assert_eq!(stage.note(order).await, CorrectionVerdict::Noted);
            }
            stage.change_book("UPDATE corrections SET mailbox = 'nobody' WHERE id = 1");
        })
        .await;
    stage.buy_here(&["another"], "1").await;
    stage.is_given_anew(&orders[1]).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_mailboxes_are_corrected_gives_each_anew_once() {
    let stage = Stage::without_server(Duration::from_secs(3)).await;
    let mut orders: Vec<String> = Vec::new();
    for (life, millis) in [1_500, 700, 2_300, 1_200, 3_100].into_iter().enumerate() {
        let (server, client) = Server::start(stage.folder()).await;
        if life == 0 {
            stage.is_funded().await;
        }
        let new = [format!("{life}a"), format!("{life}b")];
        orders.extend(new.clone());
        let living = async {
            let _ = stage.buy_all(&client, &new).await;
            for order in orders.iter().filter(|order| order.ends_with('a')) {
                let _ = correct_at(&client, order).await;
            }
            std::future::pending::<()>().await;
        };
        let _ = tokio::time::timeout(Duration::from_millis(millis), living).await;
        drop(server);
    }
    let (server, client) = Server::start(stage.folder()).await;
    for order in &orders {
        stage.buy_all(&client, std::slice::from_ref(order)).await.expect("it is paid at last");
    }
    for order in orders.iter().filter(|order| order.ends_with('a')) {
        until("it is corrected", async || {
            matches!(correct_at(&client, order).await, Some(CorrectionAnswer::Ok { .. }))
        })
        .await;
        stage.is_given_anew(order).await;
    }
    let anew = orders.len() / 2;
    stage.have_ended(0, (orders.len() + anew) as u64).await;
    drop(server);
    let listed = stage.store.textcoins(ENDPOINT, None, 99).await.expect("the store works");
    assert_eq!(listed.len(), orders.len() + anew, "each is given anew once");
    let back = |record: &TextcoinRecord| matches!(record.ended, Some((TextcoinEnd::TakenBack, ..)));
    assert!(listed.iter().all(back));
    stage.audit().await;
}

/// The folder of a stage is a data directory but for the name of its database.
fn command(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let name = folder.join(bytesback::server::DATABASE);
    if !name.exists() {
        std::os::unix::fs::symlink(folder.join("book.sqlite"), name).expect("a link");
    }
    crate::common::run(&[arguments, &["--data-dir", crate::common::argument(folder)]].concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_corrects_one_beside_the_server() {
    let stage = Stage::set(WEEK).await;
    stage.buy(2).await;
    let run = |verb: &str, order: &str, more: &[&str]| {
        let named = [verb, order, "--partner", "demo-shop", "--endpoint", "test"];
        command(stage.folder(), &[&["textcoin"], &named[..], more].concat())
    };
    for (order, email, says) in [
        ("0", "customer0@example.org", "goes to this e-mail address already"),
        ("9", "right@example.org", "no purchase that was paid to an e-mail address"),
        ("0", "a@example.org\r\nBcc: b@example.org", "error"),
        ("0", "nobody", "error"),
    ] {
        let (good, text) = run("correct", order, &["--email", email]);
        assert!(!good && text.contains(says), "{email}: {text}");
    }
    for before in ["", " (as was asked before)"] {
        let (good, text) = run("correct", "0", &["--email", &right("0")]);
        let says = format!("order 0: its cashback goes to right0@example.org{before}, once");
        assert!(good && text.contains(&says), "{text}");
    }
    let payout = stage.is_given_anew("0").await;
    let (_, shown) = run("show", "0", &[]);
    assert!(shown.contains("mailbox   right0@example.org"), "{shown}");
    assert!(shown.contains(&format!("given anew by payout {payout}")), "{shown}");
    let (_, object) = run("show", "0", &["--json"]);
    let object: serde_json::Value = serde_json::from_str(&object).expect("JSON");
    assert_eq!(object["corrections"][0]["state"], "given");
    assert_eq!(object["corrections"][0]["asked_by"], "operator");
    let named = ["purchase", "show", "0", "--partner", "demo-shop", "--endpoint", "test"];
    let (_, purchase) = command(stage.folder(), &named);
    assert!(purchase.contains("mailbox   right0@example.org, "), "{purchase}");
    assert!(purchase.contains("corrected of payout "), "{purchase}");
    let (_, list) = command(stage.folder(), &["textcoin", "list", "--state", "taken_back"]);
    assert_eq!(list.matches("order 0").count(), 1, "{list}");
    // Taking it back concerns what holds now.
    let (good, text) = command(stage.folder(), &["textcoin", "take-back", "0", "--endpoint", "test"]);
    assert!(good && text.contains(&format!("payout {payout} ")), "{text}");
    stage.have_ended(0, 2).await;
    stage.audit().await;
    stage.end().await;
}
