//! Questions about autonomous agents, answered as on a network that has none.

use obyte::{Address, UnitHash};
use serde_json::{Value, json};

use super::frame::Answer;
use super::queries::is_false;

/// The most agents in a question.
const MAX_AGENTS: usize = 20;

/// Answers a question about agents; `None` where it is about something else.
pub(super) fn answer(command: &str, params: Option<&Value>) -> Option<Answer> {
    let ask: fn(&Value) -> Result<Value, String> = match command {
        "light/dry_run_aa" | "light/get_aa_state_vars" => |params| fail_or(valid(params), "not an AA"),
        "light/get_aa_balances" => |params| valid(params).map(|()| json!({"balances": {}})),
        "light/execute_getter" => execute_getter,
        "light/get_aas_by_base_aas" => {
            |params| listed(params, ["base_aas", "base_aa"], "light/get_aas_by_base_aas")
        }
        "light/get_aa_responses" => |params| listed(params, ["aas", "aa"], "light/get_aa_responses"),
        "light/get_aa_response_chain" => response_chain,
        "hub/get_arbstore_url" | "hub/get_arbstore_address" => {
            return Some(Answer::error("arbstores not defined"));
        }
        "hub/get_arbstore_url_by_address" => return Some(Answer::error("arbstore is not known")),
        _ => return None,
    };
    let params = params.filter(|params| !is_false(params));
    Some(params.map_or_else(|| Err(format!("no params in {command}")), ask).into())
}

fn fail_or(checked: Result<(), String>, otherwise: &str) -> Result<Value, String> {
    checked.and(Err(otherwise.to_owned()))
}

fn is_address(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.parse::<Address>().is_ok())
}

fn valid(params: &Value) -> Result<(), String> {
    if is_address(params.get("address")) { Ok(()) } else { Err("address not valid".to_owned()) }
}

fn execute_getter(params: &Value) -> Result<Value, String> {
    valid(params)?;
    let getter = params.get("getter").and_then(Value::as_str).filter(|getter| !getter.is_empty());
    Err(getter.map_or_else(|| "no getter".to_owned(), |_| "not an AA".to_owned()))
}

fn listed(params: &Value, [many, one]: [&str; 2], command: &str) -> Result<Value, String> {
    let given = params.get(many).filter(|list| !is_false(list));
    let agents = match given {
        Some(list) => list.as_array().filter(|list| !list.is_empty()).cloned(),
        None => Some(vec![params.get(one).cloned().unwrap_or_default()]),
    };
    let Some(agents) = agents else { return Err(format!("no {many} in {command}")) };
    if agents.len() > MAX_AGENTS {
        return Err(format!("too many {many} in {command}, max {MAX_AGENTS}"));
    }
    if agents.iter().any(|agent| !is_address(Some(agent))) {
        return Err(format!("{one} address not valid"));
    }
    Ok(json!([]))
}

fn response_chain(params: &Value) -> Result<Value, String> {
    let unit = params.get("trigger_unit").and_then(Value::as_str);
    if unit.is_some_and(|unit| unit.parse::<UnitHash>().is_ok()) {
        Err("no such trigger unit in light/get_aa_response_chain".to_owned())
    } else {
        Err("invalid trigger unit in light/get_aa_response_chain".to_owned())
    }
}
