//! What the client says and does on a good connection.

mod support;

use std::time::Duration;

use obyte::answer::PostAnswer;
use obyte::{Address, DeviceKey, Mnemonic, Network, UnitHash};
use obyte_hub::{ConnectionState, HistoryRequest, Hub, HubError, HubEvent};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use support::{BOUND, Server, bounded, connected, connected_with, event, state};

#[tokio::test]
async fn the_client_shows_its_network_and_never_the_name_of_the_gui_wallet() {
    let mut server = Server::start().await;
    let (_hub, _events, mut peer) = connected(&mut server).await;
    let frame = peer.expect(|frame| frame[1]["subject"] == "version").await;
    assert_eq!(
        frame,
        json!(["justsaying", {"subject": "version", "body": {
            "protocol_version": "4.0dev", "alt": "3", "library": "ocore", "library_version": "0.4.6",
            "program": "bytesback", "program_version": env!("CARGO_PKG_VERSION"),
        }}])
    );
}

#[tokio::test]
async fn a_heartbeat_is_answered_and_a_subscription_declined_even_before_the_version() {
    let mut server = Server::start().await;
    let (_hub, _events) = Hub::start(server.config());
    let mut peer = server.next().await;
    for (command, expected) in [
        ("heartbeat", json!({"tag": "t", "command": "heartbeat"})),
        (
            "subscribe",
            json!({"tag": "t", "command": "subscribe",
                "response": {"error": "I'm light, cannot subscribe you to updates"}}),
        ),
        ("get_peers", json!({"tag": "t", "command": "get_peers", "response": {"error": "unknown command"}})),
    ] {
        peer.send(json!(["request", {"command": command, "tag": "t"}])).await;
        assert_eq!(peer.expect(|frame| frame[0] == "response").await[1], expected);
    }
}

#[tokio::test]
async fn answers_find_their_requests_in_any_order() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    let serve = async {
        let mci = peer.request("get_last_mci").await;
        let witnesses = peer.request("get_witnesses").await;
        assert_ne!(mci["tag"], witnesses["tag"]);
        peer.answer(&witnesses, json!([])).await;
        // An answer to nothing and a second answer change nothing.
        peer.answer(&json!({"tag": "unknown", "command": "x"}), json!(1)).await;
        peer.answer(&witnesses, json!("again")).await;
        peer.answer(&mci, json!(7)).await;
    };
    let (mci, witnesses, ()) = tokio::join!(hub.last_mci(), hub.witnesses(), serve);
    assert_eq!((mci, witnesses), (Ok(7), Ok(vec![])));
}

#[tokio::test]
async fn the_same_question_twice_has_two_tags() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    let serve = async {
        let (first, second) = (peer.request("get_last_mci").await, peer.request("get_last_mci").await);
        assert_ne!(first["tag"], second["tag"]);
        assert!(first["tag"].as_str().is_some_and(|tag| tag.len() <= 44));
        peer.answer(&first, json!(1)).await;
        peer.answer(&second, json!(2)).await;
    };
    let (first, second, ()) = tokio::join!(hub.last_mci(), hub.last_mci(), serve);
    assert_eq!([first, second].into_iter().map(Result::unwrap_or_default).sum::<u64>(), 3);
}

#[tokio::test]
async fn a_posted_unit_goes_out_byte_for_byte() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    // Order of keys, spelling of numbers and escapes are the writer's.
    let unit = r#"{"z":1,"a":1.0,"timestamp":1e3,"text":"\u00e4\/ä"}"#;
    let serve = async {
        loop {
            let (text, frame) = peer.frame().await.expect("the client is there");
            if frame[1]["command"] == "post_joint" {
                assert!(text.contains(&format!(r#""params":{{"unit":{unit}}}"#)), "{text}");
                peer.answer(&frame[1], json!("accepted")).await;
                break;
            }
        }
    };
    let (reply, ()) = tokio::join!(hub.post_joint(unit), serve);
    assert_eq!(reply.expect("answered").answer, PostAnswer::Accepted);
    assert!(matches!(hub.post_joint("{").await, Err(HubError::BadRequest(_))));
}

#[tokio::test]
async fn a_history_that_is_too_large_has_an_error_of_its_own() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    let address: Address = "YK75NYPP4NT7GAQRUE6PHCV46THNV47B".parse().expect("valid");
    let request = HistoryRequest { witnesses: vec![address], addresses: vec![address], ..Default::default() };
    let serve = async {
        let asked = peer.request("light/get_history").await;
        let error = "your history is too large, consider switching to a full client";
        peer.answer(&asked, json!({"error": error})).await;
    };
    let (history, ()) = tokio::join!(hub.history(&request), serve);
    assert_eq!(history, Err(HubError::HistoryTooLarge));
}

#[tokio::test]
async fn another_unit_than_the_one_asked_for_is_not_taken() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    let (asked_for, other) = (UnitHash::from_digest(&[1; 32]), UnitHash::from_digest(&[2; 32]));
    let serve = async {
        let request = peer.request("get_joint").await;
        peer.answer(&request, json!({"joint_not_found": other})).await;
        let request = peer.request("get_joint").await;
        peer.answer(&request, json!({"joint_not_found": asked_for})).await;
    };
    let ask = async { (hub.get_joint(asked_for).await, hub.get_joint(asked_for).await) };
    let ((wrong, right), ()) = tokio::join!(ask, serve);
    assert_eq!(wrong.expect_err("another unit"), HubError::UnexpectedAnswer { command: "get_joint" });
    assert_eq!(right, Ok(None));
}

#[tokio::test]
async fn a_definition_with_another_hash_is_not_taken() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    let address: Address = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD".parse().expect("valid");
    let good = json!(["sig", {"pubkey": "A6rrUt10lMNhBJ3mfMaA6D68u72+sTY32SzYRfcDCK9e"}]);
    let bad = json!(["sig", {"pubkey": "AmturbEK0reH5w+4sp0nCsamHTTlp2tjvZU8u5+jHV4i"}]);
    let serve = async {
        for definition in [&good, &bad] {
            let asked = peer.request("light/get_definition").await;
            peer.answer(&asked, definition.clone()).await;
        }
    };
    let ask = async { (hub.definition(address).await, hub.definition(address).await) };
    let ((first, second), ()) = tokio::join!(ask, serve);
    assert_eq!(first, Ok(Some(good)));
    assert_eq!(second, Err(HubError::UnexpectedAnswer { command: "light/get_definition" }));
}

#[tokio::test]
async fn pushes_become_events_and_strange_ones_only_notices() {
    let mut server = Server::start().await;
    let (_hub, mut events, mut peer) = connected(&mut server).await;
    let bad = UnitHash::from_digest(&[7; 32]);
    for (subject, body) in [
        ("light/sequence_became_bad", json!([bad])),
        ("light/sequence_became_bad", json!(["no hash"])),
        ("system_vars", json!({"op_list": 1})),
        ("no_such_subject", json!("x\u{1b}[2J")),
        ("light/have_updates", Value::Null),
    ] {
        peer.send(json!(["justsaying", {"subject": subject, "body": body}])).await;
    }
    let mut seen = Vec::new();
    event(&mut events, |event| {
        match event {
            HubEvent::SequenceBecameBad(units) => seen.push(format!("bad {}", units == [bad])),
            HubEvent::Notice { subject, body } => seen.push(format!("{subject} {body}")),
            HubEvent::HaveUpdates => return Some(()),
            HubEvent::Connected => {}
            other => panic!("{other:?}"),
        }
        None
    })
    .await;
    assert_eq!(
        seen,
        [
            "bad true",
            "light/sequence_became_bad [\"no hash\"]",
            "system_vars {\"op_list\":1}",
            "no_such_subject \"x\\u001b[2J\"",
        ]
    );
}

#[tokio::test]
async fn a_login_signs_the_challenge_of_this_connection() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    let words =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    let key = DeviceKey::new(&words.parse::<Mnemonic>().expect("valid").to_seed(""));
    hub.login(&key).await.expect("said");
    let login = peer.expect(|frame| frame[1]["subject"] == "hub/login").await;
    assert_eq!(login[1]["body"]["challenge"], "abc");
    assert_eq!(
        login[1]["body"]["signature"],
        "Myg0tmz5DrLveLNfi7H5319tgiZOpcySeb4yvSAI6bIOd+R5+iHzX7RDj9Kzbtbx8irIzrLPZjlX4U2b6oC1mQ=="
    );
}

#[tokio::test]
async fn any_number_of_addresses_is_watched_in_one_go() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    let address: Address = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD".parse().expect("valid");
    for _ in 0..300 {
        hub.watch_address(address).await.expect("said");
    }
    for _ in 0..300 {
        peer.expect(|frame| frame[1]["subject"] == "light/new_address_to_watch").await;
    }
}

#[tokio::test]
async fn harmless_rubbish_does_not_end_the_connection() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected(&mut server).await;
    for rubbish in
        [r#"["whatever",{"a":1}]"#, r#"["request","x"]"#, r#"["response",{}]"#, r#"["justsaying",null]"#]
    {
        peer.send(rubbish).await;
    }
    peer.raw(Message::Ping(vec![1].into())).await;
    let serve = async {
        let asked = peer.request("get_last_mci").await;
        peer.answer(&asked, json!(1)).await;
    };
    let (mci, ()) = tokio::join!(hub.last_mci(), serve);
    assert_eq!(mci, Ok(1));
}

#[tokio::test]
async fn a_client_that_takes_no_events_neither_blocks_the_socket_nor_loses_updates() {
    let mut server = Server::start().await;
    let (hub, mut events, mut peer) =
        connected_with(&mut server, |config| config.max_waiting_events = 4).await;
    for number in 0..500 {
        peer.send(json!(["justsaying", {"subject": "joint", "body": {"unit": number}}])).await;
        peer.send(json!(["justsaying", {"subject": "light/have_updates"}])).await;
    }
    let serve = async {
        let asked = peer.request("get_last_mci").await;
        peer.answer(&asked, json!(1)).await;
    };
    let (mci, ()) = tokio::join!(hub.last_mci(), serve);
    assert_eq!(mci, Ok(1), "requests are served while nobody takes events");
    let (mut joints, mut updates) = (0, 0);
    let missed = event(&mut events, |event| {
        match event {
            HubEvent::Joint(_) => joints += 1,
            HubEvent::HaveUpdates => updates += 1,
            HubEvent::Missed { joints, .. } => return Some(joints),
            _ => {}
        }
        None
    })
    .await;
    assert_eq!((joints, updates, missed), (4, 1, 496));
}

#[tokio::test]
async fn closing_ends_everything_at_once() {
    let mut server = Server::start().await;
    let (hub, mut events, peer) = connected(&mut server).await;
    let other_handle = hub.clone();
    let close = async {
        tokio::task::yield_now().await;
        hub.close();
    };
    let (pending, ()) = tokio::join!(other_handle.last_mci(), close);
    assert!(matches!(pending, Err(HubError::Disconnected | HubError::Closed)));
    peer.gone().await;
    state(&hub, |state| *state == ConnectionState::Closed).await;
    assert_eq!(other_handle.last_mci().await, Err(HubError::Closed));
    assert_eq!(other_handle.wait_connected(BOUND).await, Err(HubError::Closed));
    let to_the_end = async { while events.recv().await.is_some() {} };
    bounded("the end of the events", to_the_end).await;
}

#[tokio::test]
async fn dropping_the_last_handle_hangs_up() {
    let mut server = Server::start().await;
    let (hub, _events, peer) = connected(&mut server).await;
    let clone = hub.clone();
    drop(hub);
    assert!(clone.is_connected());
    drop(clone);
    peer.gone().await;
}

#[tokio::test]
async fn many_requests_at_once_are_bounded() {
    let mut server = Server::start().await;
    let (hub, _events, mut peer) = connected_with(&mut server, |config| {
        config.max_pending_requests = 2;
        config.request_timeout = Duration::from_millis(300);
    })
    .await;
    let (a, b, c) = tokio::join!(hub.last_mci(), hub.last_mci(), hub.last_mci());
    let timed_out = Err(HubError::TimedOut { after: Duration::from_millis(300) });
    assert_eq!([a, b], [timed_out.clone(), timed_out]);
    assert_eq!(c, Err(HubError::Busy { limit: 2 }));
    // Late answers are ignored, and what timed out makes room.
    for _ in 0..2 {
        let asked = peer.request("get_last_mci").await;
        peer.answer(&asked, json!(1)).await;
    }
    let serve = async {
        let asked = peer.request("get_witnesses").await;
        peer.answer(&asked, json!([])).await;
    };
    let (witnesses, ()) = tokio::join!(hub.witnesses(), serve);
    assert_eq!(witnesses, Ok(vec![]));
    assert_eq!(hub.config().network, Network::Devnet);
}
