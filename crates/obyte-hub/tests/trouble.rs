//! Hubs that misbehave, and connections that end.

mod support;

use std::time::Duration;

use obyte::Network;
use obyte::answer::{MaybeAccepted, PostAnswer};
use obyte_hub::{ConnectionState, Hub, HubConfig, HubError, HubEvent, HubEvents};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use support::{BOUND, Server, bounded, connected, connected_with, event, state};

/// Why the connection ended.
async fn end(events: &mut HubEvents) -> HubError {
    event(events, |event| match event {
        HubEvent::Disconnected { why } => Some(why),
        _ => None,
    })
    .await
}

/// The state after a hub has greeted so.
async fn refusal_of(version: &str, alt: &str) -> HubError {
    let mut server = Server::start().await;
    let (hub, mut events) = Hub::start(server.config());
    let mut peer = server.next().await;
    peer.greet_as(version, alt).await;
    let refused = hub.wait_connected(BOUND).await.expect_err("it is no hub of ours");
    assert_eq!(end(&mut events).await, refused);
    assert_eq!(hub.last_mci().await, Err(refused.clone()));
    peer.gone().await;
    refused
}

#[tokio::test]
async fn a_hub_of_another_network_is_refused_with_its_name() {
    assert_eq!(
        refusal_of("4.0t", "2").await,
        HubError::WrongNetwork { expected: Network::Devnet, found: Some(Network::Testnet) }
    );
    assert_eq!(
        refusal_of("4.0dev", "1").await,
        HubError::WrongNetwork { expected: Network::Devnet, found: None }
    );
}

#[tokio::test]
async fn a_hub_with_a_newer_protocol_is_refused() {
    assert_eq!(refusal_of("5.0dev", "3").await, HubError::UpgradeRequired);
}

#[tokio::test]
async fn a_hub_that_wants_an_upgrade_is_not_asked_again_soon() {
    let mut server = Server::start().await;
    let (hub, mut events, mut peer) = connected(&mut server).await;
    peer.send(json!(["justsaying", {"subject": "upgrade_required"}])).await;
    assert_eq!(end(&mut events).await, HubError::UpgradeRequired);
    state(&hub, |state| *state == ConnectionState::Refused(HubError::UpgradeRequired)).await;
    // Other failures are followed by an attempt within 50 ms.
    assert!(server.nobody_connects_for(Duration::from_millis(300)).await);
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_again_and_pending_requests_end() {
    let mut server = Server::start().await;
    let (hub, mut events, mut peer) = connected(&mut server).await;
    for _ in 0..3 {
        let cut = async {
            peer.request("get_last_mci").await;
            peer.request("post_joint").await;
            peer.cut();
        };
        let (mci, posted, ()) = tokio::join!(hub.last_mci(), hub.post_joint("{}"), cut);
        assert_eq!(mci, Err(HubError::Disconnected));
        let posted = posted.expect_err("no answer").as_post_answer();
        assert_eq!(posted, Some(PostAnswer::MaybeAccepted(MaybeAccepted::NoAnswer)));
        assert_eq!(end(&mut events).await, HubError::Disconnected);
        peer = server.greeted().await;
        event(&mut events, |event| matches!(event, HubEvent::Connected).then_some(())).await;
        hub.wait_connected(BOUND).await.expect("connected again");
    }
    let serve = async {
        let asked = peer.request("get_last_mci").await;
        peer.answer(&asked, json!(5)).await;
    };
    let (mci, ()) = tokio::join!(hub.last_mci(), serve);
    assert_eq!(mci, Ok(5));
}

#[tokio::test]
async fn without_a_connection_requests_fail_at_once_and_count_as_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    drop(listener);
    let config = HubConfig::new(&format!("ws://{address}"), Network::Devnet).expect("an address");
    let (hub, _events) = Hub::start(config);
    let down = state(&hub, |state| matches!(state, ConnectionState::Disconnected(_))).await;
    assert!(matches!(down, ConnectionState::Disconnected(HubError::Connect(_))));
    let error = hub.post_joint("{}").await.expect_err("not connected");
    assert_eq!(error, HubError::NotConnected);
    assert_eq!(error.as_post_answer(), None);
    let error = hub.wait_connected(Duration::from_millis(1)).await.expect_err("nobody is there");
    assert!(matches!(error, HubError::Connect(_)));
}

#[tokio::test]
async fn a_hub_that_never_opens_the_websocket_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let mut config = HubConfig::new(&format!("ws://{address}"), Network::Devnet).expect("an address");
    config.connect_timeout = Duration::from_millis(50);
    let (hub, _events) = Hub::start(config);
    let down = state(&hub, |state| matches!(state, ConnectionState::Disconnected(_))).await;
    assert!(matches!(down, ConnectionState::Disconnected(HubError::Connect(_))));
}

#[tokio::test]
async fn a_hub_that_never_tells_its_version_is_given_up() {
    let mut server = Server::start().await;
    let mut config = server.config();
    config.handshake_timeout = Duration::from_millis(50);
    let (hub, _events) = Hub::start(config);
    let mut peer = server.next().await;
    // What else it says is no excuse.
    peer.send(json!(["justsaying", {"subject": "hub/challenge", "body": "abc"}])).await;
    state(&hub, |state| *state == ConnectionState::Disconnected(HubError::Silent)).await;
    assert_eq!(hub.last_mci().await, Err(HubError::NotConnected));
}

#[tokio::test]
async fn a_hub_that_falls_silent_is_asked_for_a_sign_of_life_and_then_left() {
    let mut server = Server::start().await;
    let (_hub, mut events, mut peer) =
        connected_with(&mut server, |config| config.silence_timeout = Duration::from_millis(300)).await;
    let asked = peer.request("heartbeat").await;
    peer.answer(&asked, json!(null)).await;
    peer.request("heartbeat").await;
    assert_eq!(end(&mut events).await, HubError::Silent);
    server.greeted().await;
}

#[tokio::test]
async fn a_request_without_an_answer_times_out_and_the_connection_stays() {
    let mut server = Server::start().await;
    let limit = Duration::from_millis(50);
    let (hub, _events, mut peer) = connected_with(&mut server, |config| config.request_timeout = limit).await;
    let error = hub.post_joint("{}").await.expect_err("no answer");
    assert_eq!(error, HubError::TimedOut { after: limit });
    assert_eq!(error.as_post_answer(), Some(PostAnswer::MaybeAccepted(MaybeAccepted::NoAnswer)));
    assert!(hub.is_connected());
    peer.request("post_joint").await;
}

#[tokio::test]
async fn what_is_no_frame_ends_the_connection_and_the_client_comes_again() {
    let mut server = Server::start().await;
    let (_hub, mut events, mut peer) = connected(&mut server).await;
    let garbage = [
        Message::text("hello"),
        Message::text("{\"a\":1}"),
        Message::text("[1,2]"),
        Message::text("[\"justsaying\",{\"subject\":"),
        Message::binary(vec![0, 1, 2]),
    ];
    for message in garbage {
        peer.raw(message).await;
        assert!(matches!(end(&mut events).await, HubError::MalformedFrame(_)));
        peer = server.greeted().await;
    }
}

#[tokio::test]
async fn a_message_above_the_limit_is_not_read() {
    let mut server = Server::start().await;
    let limit = 10_000;
    let (hub, mut events, mut peer) =
        connected_with(&mut server, |config| config.max_message_bytes = limit).await;
    let frame_of = |length: usize| {
        let frame = |padding: usize| json!(["justsaying", {"subject": "info", "body": "x".repeat(padding)}]);
        let empty = frame(0).to_string().len();
        frame(length - empty)
    };
    peer.send(frame_of(limit)).await;
    event(&mut events, |event| match event {
        HubEvent::Notice { subject, .. } if subject.as_str() == "info" => Some(()),
        _ => None,
    })
    .await;
    assert!(hub.is_connected());
    peer.send(frame_of(limit + 1)).await;
    assert_eq!(end(&mut events).await, HubError::MessageTooLarge { limit });
}

#[tokio::test]
async fn a_request_longer_than_hubs_accept_is_not_sent() {
    let mut server = Server::start().await;
    let (hub, _events, _peer) = connected(&mut server).await;
    let unit = format!("\"{}\"", "x".repeat(6 * 1024 * 1024));
    let error = hub.post_joint(&unit).await.expect_err("too long");
    assert!(error.nothing_was_sent(), "{error}");
    assert!(hub.is_connected());
}

#[tokio::test]
async fn a_hub_that_asks_more_than_it_reads_is_left() {
    let mut server = Server::start().await;
    let (_hub, mut events, mut peer) = connected(&mut server).await;
    // Every answer is as long as the command; the hub reads none of them.
    let request = json!(["request", {"command": "x".repeat(200_000), "tag": "t"}]).to_string();
    let flood = async { while peer.try_send(&request).await {} };
    let flooded = async { bounded("the flood", flood).await };
    let (why, ()) = tokio::join!(end(&mut events), flooded);
    assert_eq!(why, HubError::Silent);
}
