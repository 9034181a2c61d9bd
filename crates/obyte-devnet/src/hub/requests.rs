//! The requests that a wallet makes (6.4).

use std::sync::Arc;

use serde_json::{Value, json};

use super::connection::Connection;
use super::frame::Answer;
use super::{agents, devices, queries};
use crate::dag::Id;
use crate::history::{History, JointPlan, Request, link_proofs};
use crate::state::PostError;

/// The oldest library that is served units.
pub(super) const LEAST_LIBRARY: &str = "0.4.2";

/// Handles a request: at once where that is quick, else beside the reading of further frames.
pub(super) fn handle(connection: &Arc<Connection>, command: String, tag: String, params: Option<Value>) {
    match command.as_str() {
        "post_joint" => return post(connection, tag, params),
        "light/get_history" => return history(connection, tag, params),
        "light/get_link_proofs" => return links(connection, tag, params),
        _ => {}
    }
    let answer = quick(connection, &command, params);
    connection.answer(&tag, &command, answer);
}

fn quick(connection: &Connection, command: &str, params: Option<Value>) -> Answer {
    let core = &connection.core;
    match command {
        "heartbeat" => Answer::Empty,
        "subscribe" => subscribe(connection, params.as_ref()),
        "catchup" => Answer::error("not subscribed, will not serve catchup"),
        "get_hash_tree" => Answer::error("not subscribed, will not serve get_hash_tree"),
        "get_peers" | "hub/get_bots" => Answer::Value(json!([])),
        "get_witnesses" => Answer::Value(json!([core.keys.order_provider.address()])),
        "get_last_mci" => Answer::Value(json!(core.state().dag().main_chain().len().saturating_sub(1))),
        "get_system_vars" => Answer::Value(core.system_vars()),
        "get_joint" => joint(connection, params.as_ref()),
        "hub/get_exchange_rates" => Answer::Value(json!(core.exchange_rates)),
        "hub/temp_pubkey" => core.devices.publish(connection.device().as_deref(), params.as_ref()).into(),
        "hub/get_temp_pubkey" => core.devices.published(params.as_ref()).into(),
        "hub/deliver" => Answer::Error(devices::deliver(params.as_ref())),
        "hub/enable_notification" | "hub/disable_notification" => Answer::Value(json!("ok")),
        "hub/get_asset_metadata" => {
            let is_hash = params.as_ref().is_some_and(|asset| {
                asset.as_str().is_some_and(|asset| obyte::canonical::text_length(asset) == 44)
            });
            Answer::error(if is_hash { "no metadata" } else { "bad asset" })
        }
        _ if let Some(answer) = agents::answer(command, params.as_ref()) => answer,
        _ => queries::answer(&core.state(), command, params.as_ref()),
    }
}

/// Full nodes are refused, after the checks of a hub that takes them.
fn subscribe(connection: &Connection, params: Option<&Value>) -> Answer {
    let params = params.and_then(Value::as_object).filter(|params| !params.is_empty());
    let Some(params) = params else { return Answer::error("no params") };
    if !params.get("subscription_id").is_some_and(Value::is_string) {
        return Answer::error("no subscription_id");
    }
    if !params.get("library_version").is_some_and(Value::is_string) {
        connection.close_after_answer("invalid library_version");
        return Answer::error("invalid library_version");
    }
    Answer::error("I serve light clients only, cannot subscribe you to updates")
}

fn joint(connection: &Connection, params: Option<&Value>) -> Answer {
    if connection.is_old_core() {
        return Answer::error("old core, will not serve get_joint");
    }
    let Some(text) = params.and_then(Value::as_str).filter(|text| !text.is_empty()) else {
        return Answer::error("unit must be a string");
    };
    let state = connection.core.state();
    let Some(id) = text.parse().ok().and_then(|hash| state.dag().find(&hash)) else {
        return Answer::Value(json!({"joint_not_found": text}));
    };
    let plan = JointPlan::retrieved(state.dag(), id);
    let reader = state.reader();
    drop(state);
    let mut out = "{\"joint\":".to_owned();
    match plan.write(&reader, &mut out) {
        Ok(()) => Answer::Text(out + "}"),
        Err(error) => Answer::error(error.to_string()),
    }
}

/// Judges and keeps the unit at once, so that units posted one after the other stay in their order, and
/// answers when it is on disk.
fn post(connection: &Arc<Connection>, tag: String, params: Option<Value>) {
    const COMMAND: &str = "post_joint";
    let number = connection.posts.begin();
    let (unit, accepted) = match connection.core.post(params.unwrap_or(Value::Null)) {
        Ok(posted) => posted,
        Err(error) => {
            if let PostError::Io(error) = &error {
                tracing::error!(%error, "the devnet cannot keep a unit");
            }
            connection.answer(&tag, COMMAND, Answer::error(error.to_string()));
            return connection.posts.end(number, false);
        }
    };
    let posting = Arc::clone(connection);
    connection.spawn(async move {
        let answer = match posting.core.durable(accepted.end).await {
            Ok(()) => Answer::Value(json!("accepted")),
            Err(error) => Answer::error(error.to_string()),
        };
        let is_accepted = matches!(answer, Answer::Value(_));
        posting.answer(&tag, COMMAND, answer);
        posting.posts.end(number, is_accepted);
        if is_accepted {
            posting.core.announce(&unit, &accepted.proven, Some(posting.id));
        }
    });
}

fn history(connection: &Arc<Connection>, tag: String, params: Option<Value>) {
    const COMMAND: &str = "light/get_history";
    connection.send_system_vars_once();
    let request = match Request::read(params.as_ref()) {
        Ok(request) => request,
        Err(error) => return connection.answer(&tag, COMMAND, Answer::error(error)),
    };
    let asking = Arc::clone(connection);
    connection.spawn(async move {
        let Ok(turn) = asking.core.histories.acquire().await else { return };
        let built = Arc::clone(&asking);
        let answer = tokio::task::spawn_blocking(move || build(&built, &request)).await;
        drop(turn);
        let answer = answer.unwrap_or_else(|_| Answer::error("the history could not be built"));
        asking.posts.saved().await;
        asking.answer(&tag, COMMAND, answer);
    });
}

fn build(connection: &Connection, request: &Request) -> Answer {
    let core = &connection.core;
    core.refresh_proofs();
    let state = core.state();
    let planned = History::plan(&state, request);
    let reader = state.reader();
    let requested = request.requested_joints.iter().filter_map(|hash| state.dag().find(hash));
    // As in the reference, a unit without an index is watched through its addresses only.
    let is_watched = |id: &Id| state.dag().node(*id).mci.is_some() && state.facts.unproven().contains(id);
    let watched: Vec<_> = requested.filter(is_watched).collect();
    drop(state);
    let answer = match planned.map(|history| history.render(&reader)) {
        Ok(Ok(text)) => Answer::Text(text),
        Ok(Err(error)) => Answer::error(error.to_string()),
        Err(error) => return Answer::Error(error),
    };
    core.watchers.watch_addresses(connection.id, &request.addresses);
    core.watchers.watch_units(connection.id, &watched);
    answer
}

fn links(connection: &Arc<Connection>, tag: String, params: Option<Value>) {
    let asking = Arc::clone(connection);
    connection.spawn(async move {
        let Ok(_turn) = asking.core.histories.acquire().await else { return };
        let core = Arc::clone(&asking.core);
        let answer = tokio::task::spawn_blocking(move || {
            let state = core.state();
            link_proofs(&state, params.as_ref().unwrap_or(&Value::Null), &state.reader())
        });
        let answer = match answer.await {
            Ok(Ok(text)) => Answer::Text(text),
            Ok(Err(error)) => Answer::Error(error),
            Err(_) => Answer::error("the proofs could not be built"),
        };
        asking.answer(&tag, "light/get_link_proofs", answer);
    });
}
