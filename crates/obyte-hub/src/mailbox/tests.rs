use std::time::Duration;

use super::*;
use crate::{HubError, HubText};

fn mailbox(events: usize, bytes: usize) -> (Arc<Mailbox>, HubEvents) {
    let mailbox = Arc::new(Mailbox::new(Limits { events, bytes }));
    (Arc::clone(&mailbox), HubEvents::new(mailbox))
}

fn joint(json: &str) -> HubEvent {
    HubEvent::Joint(serde_json::from_str(json).expect("JSON"))
}

fn unit(number: u8) -> UnitHash {
    UnitHash::from_digest(&[number; 32])
}

/// The events that wait, each as one word.
fn drain(events: &mut HubEvents) -> Vec<String> {
    let word = |event| match event {
        HubEvent::Connected => "connected".to_owned(),
        HubEvent::Disconnected { .. } => "disconnected".to_owned(),
        HubEvent::Joint(joint) => joint.get().to_owned(),
        HubEvent::HaveUpdates => "updates".to_owned(),
        HubEvent::SequenceBecameBad(units) => format!("bad {}", units.len()),
        HubEvent::SystemVars(_) => "vars".to_owned(),
        HubEvent::ExchangeRates(rates) => format!("rates {}", rates.get("GBYTE_USD").unwrap_or_default()),
        HubEvent::Notice { subject, .. } => subject.to_string(),
        HubEvent::Missed { joints, bad_units, notices } => format!("missed {joints} {bad_units} {notices}"),
    };
    std::iter::from_fn(|| events.try_recv()).map(word).collect()
}

fn rates(usd: &str) -> HubEvent {
    HubEvent::ExchangeRates(crate::ExchangeRates::parse(&format!(r#"{{"GBYTE_USD":{usd}}}"#)).expect("rates"))
}

fn notice(subject: &str) -> HubEvent {
    HubEvent::Notice { subject: HubText::new(subject), body: HubText::default() }
}

#[test]
fn updates_are_merged_but_never_lost() {
    let (mailbox, mut events) = mailbox(1, 10);
    for _ in 0..1000 {
        mailbox.put(HubEvent::HaveUpdates);
        mailbox.put(notice("n"));
    }
    assert_eq!(drain(&mut events), ["updates", "n", "missed 0 0 999"]);
    mailbox.put(HubEvent::HaveUpdates);
    assert_eq!(drain(&mut events), ["updates"]);
}

#[test]
fn bad_units_are_collected_up_to_a_bound_and_then_counted() {
    let (mailbox, mut events) = mailbox(1, 10);
    mailbox.put(HubEvent::SequenceBecameBad(vec![unit(1), unit(2)]));
    mailbox.put(HubEvent::SequenceBecameBad(vec![unit(3)]));
    assert_eq!(drain(&mut events), ["bad 3"]);
    for number in 0..101 {
        mailbox.put(HubEvent::SequenceBecameBad(vec![unit(number); 100]));
    }
    assert_eq!(drain(&mut events), ["bad 10000", "missed 0 100 0"]);
}

#[test]
fn joints_are_bounded_in_number_and_size_and_the_loss_is_told() {
    let (mailbox, mut events) = mailbox(2, 10);
    for json in ["1", "2", "3"] {
        mailbox.put(joint(json));
    }
    assert_eq!(drain(&mut events), ["1", "2", "missed 1 0 0"]);
    mailbox.put(joint("12345678"));
    mailbox.put(joint("12345678"));
    mailbox.put(joint("12"));
    assert_eq!(drain(&mut events), ["12345678", "12", "missed 1 0 0"]);
    mailbox.put(joint("1234567890"));
    assert_eq!(drain(&mut events), ["1234567890"], "what was taken makes room");
}

#[test]
fn of_rates_the_newest_count() {
    let (mailbox, mut events) = mailbox(2, 10);
    mailbox.put(rates("7.5"));
    mailbox.put(HubEvent::HaveUpdates);
    mailbox.put(rates("7.6"));
    assert_eq!(drain(&mut events), ["updates", "rates 7.6"]);
}

#[test]
fn a_reconnection_is_seen_as_end_and_new_beginning_however_often_it_happened() {
    let (mailbox, mut events) = mailbox(2, 10);
    mailbox.put(HubEvent::Connected);
    for _ in 0..3 {
        mailbox.put(HubEvent::Disconnected { why: HubError::Disconnected });
        mailbox.put(HubEvent::Connected);
    }
    assert_eq!(drain(&mut events), ["disconnected", "connected"]);
}

#[tokio::test]
async fn a_receiver_that_waits_is_woken_and_sees_the_end() {
    let (mailbox, mut events) = mailbox(2, 10);
    let receive = async {
        let mut seen = 0;
        while events.recv().await.is_some() {
            seen += 1;
        }
        seen
    };
    let send = async {
        tokio::task::yield_now().await;
        mailbox.put(notice("a"));
        tokio::task::yield_now().await;
        mailbox.put(notice("b"));
        mailbox.close();
        mailbox.put(notice("after the end"));
    };
    let both = async { tokio::join!(receive, send) };
    let (seen, ()) = tokio::time::timeout(Duration::from_secs(5), both).await.expect("it ends");
    assert_eq!(seen, 2);
}

#[test]
fn nothing_is_kept_for_a_receiver_that_is_gone() {
    let (mailbox, events) = mailbox(2, 10);
    drop(events);
    mailbox.put(joint("1"));
    assert_eq!(mailbox.lock().queue.len(), 0);
}
