//! Rules about payments (4.3, 4.4).

use serde_json::{Map, Value};

use super::fields::Fields;
use super::js::{
    has_only, is_hash_length, is_nonnegative_integer, is_positive_integer, nonempty_array, nonempty_object,
    print,
};
use super::messages::Seen;
use super::{Checked, Invalid, Rules};
use crate::Bytes;
use crate::unit::{Unit, integer};

/// The most inputs, and the most outputs, of a payment.
const MAX_COINS: usize = 128;
/// All bytes that there are, which the genesis unit issues.
const TOTAL_BYTES: u64 = 1_000_000_000_000_000;
/// What a count of votes costs.
const VOTE_COUNT_FEE: u64 = 1_000_000_000;

type Object = Map<String, Value>;

/// A payment in bytes or in an asset; what an asset demands beyond that needs its definition.
pub(super) fn payment(unit: Fields<'_>, payload: &Value, rules: &Rules, seen: &mut Seen) -> Checked {
    let fields =
        nonempty_object(Some(payload)).ok_or_else(|| Invalid::unit("payment must be a non-empty object"))?;
    let inputs = nonempty_array(fields.get("inputs")).ok_or_else(|| Invalid::unit("no inputs"))?;
    let outputs = nonempty_array(fields.get("outputs")).ok_or_else(|| Invalid::unit("no outputs"))?;
    let asset = fields.get("asset");
    let known: &[&str] = match asset {
        None => &["inputs", "outputs"],
        Some(_) => &["inputs", "outputs", "asset", "denomination"],
    };
    if asset.is_some() && !is_hash_length(asset) {
        return Err(Invalid::unit("invalid asset"));
    }
    if !has_only(fields, known) {
        return Err(Invalid::unit("unknown fields in payment message"));
    }
    if asset.is_none() && std::mem::replace(&mut seen.has_base_payment, true) {
        return Err(Invalid::unit("can have only one base payment"));
    }
    if inputs.len() > MAX_COINS {
        return Err(Invalid::unit("too many inputs"));
    }
    let is_genesis = rules.is_genesis(&unit.hash);
    if outputs.len() > MAX_COINS && !is_genesis {
        return Err(Invalid::unit("too many outputs"));
    }
    check_outputs(outputs)?;
    let mut judge =
        Inputs { unit, asset: asset.and_then(Value::as_str), is_genesis, seen, last: Kind::Issue };
    inputs.iter().enumerate().try_for_each(|(index, input)| judge.input(index, input))
}

fn check_outputs(outputs: &[Value]) -> Checked {
    let mut total = 0u64;
    let (mut previous_address, mut previous_amount) = ("", 0);
    for output in outputs {
        let fields = nonempty_object(Some(output))
            .ok_or_else(|| Invalid::unit("output must be a non-empty object"))?;
        if !has_only(fields, &["address", "amount", "blinding", "output_hash"]) {
            return Err(Invalid::unit("unknown fields in payment output"));
        }
        let amount = fields.get("amount");
        if !is_positive_integer(amount) {
            let found = print(amount);
            return Err(Invalid::unit(format!("amount must be positive integer, found {found}")));
        }
        let amount = amount.and_then(integer).unwrap_or_default();
        if amount > Bytes::MAX.get() {
            return Err(Invalid::unit(format!("output too large: {amount}")));
        }
        for private in ["blinding", "output_hash"] {
            if fields.contains_key(private) {
                return Err(Invalid::unit(format!("public output must not have {private}")));
            }
        }
        let address = fields.get("address").and_then(Value::as_str).unwrap_or_default();
        if previous_address > address {
            return Err(Invalid::unit("output addresses not sorted"));
        }
        if previous_address == address && previous_amount > amount {
            return Err(Invalid::unit("output amounts for same address not sorted"));
        }
        (previous_address, previous_amount) = (address, amount);
        total = total.saturating_add(amount);
        if total > Bytes::MAX.get() {
            return Err(Invalid::unit(format!("total output too large: {total}")));
        }
    }
    Ok(())
}

/// The kinds of inputs, in the order in which they must come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Issue,
    Transfer,
    HeadersCommission,
    Witnessing,
}

struct Inputs<'a> {
    unit: Fields<'a>,
    asset: Option<&'a str>,
    is_genesis: bool,
    seen: &'a mut Seen,
    last: Kind,
}

impl Inputs<'_> {
    fn input(&mut self, index: usize, input: &Value) -> Checked {
        let fields =
            nonempty_object(Some(input)).ok_or_else(|| Invalid::unit("input must be a non-empty object"))?;
        let kind = match (fields.get("type").map(Value::as_str), self.asset) {
            (None, _) => Kind::Transfer,
            (Some(Some("issue")), _) => Kind::Issue,
            (_, Some(_)) => return Err(Invalid::unit("non-base input can have only type=issue")),
            (Some(Some("headers_commission")), None) => Kind::HeadersCommission,
            (Some(Some("witnessing")), None) => Kind::Witnessing,
            _ => return Err(Invalid::unit("bad input type")),
        };
        match kind {
            Kind::Issue => self.issue(index, fields)?,
            Kind::Transfer => self.transfer(fields)?,
            _ => self.earnings(kind, fields)?,
        }
        self.last = kind;
        Ok(())
    }

    fn issue(&mut self, index: usize, input: &Object) -> Checked {
        if index != 0 {
            return Err(Invalid::unit("issue must come first"));
        }
        if !has_only(input, &["type", "address", "amount", "serial_number"]) {
            return Err(Invalid::unit("unknown fields in issue input"));
        }
        if !is_positive_integer(input.get("amount")) {
            return Err(Invalid::unit("amount must be positive"));
        }
        let amount = input.get("amount").and_then(integer).unwrap_or_default();
        if amount > Bytes::MAX.get() {
            return Err(Invalid::unit(format!("issue amount too large: {amount}")));
        }
        if !is_positive_integer(input.get("serial_number")) {
            return Err(Invalid::unit("serial_number must be positive"));
        }
        let serial_number = input.get("serial_number").and_then(integer).unwrap_or_default();
        let address = self.owner(input, "issue")?;
        if self.asset.is_none() {
            if serial_number != 1 {
                return Err(Invalid::unit("for capped asset serial_number must be 1"));
            }
            if !self.is_genesis {
                return Err(Invalid::unit("only genesis can issue base asset"));
            }
            if amount != TOTAL_BYTES {
                return Err(Invalid::unit("issue must be equal to cap"));
            }
        }
        self.spend(format!("{}-1-{address}-{serial_number}", self.asset.unwrap_or("base")))
    }

    fn transfer(&mut self, input: &Object) -> Checked {
        if self.last > Kind::Transfer {
            return Err(Invalid::unit("all transfers must come before hc and witnessings"));
        }
        if !has_only(input, &["type", "unit", "message_index", "output_index"]) {
            return Err(Invalid::unit("unknown fields in payment input"));
        }
        if !is_hash_length(input.get("unit")) {
            return Err(Invalid::unit("wrong unit length in payment input"));
        }
        for field in ["message_index", "output_index"] {
            if !is_nonnegative_integer(input.get(field)) {
                return Err(Invalid::unit(format!("no {field} in payment input")));
            }
        }
        let number = |field: &str| input.get(field).and_then(integer).unwrap_or_default();
        let unit = input["unit"].as_str().unwrap_or_default();
        let asset = self.asset.unwrap_or("base");
        self.spend(format!("{asset}-{unit}-{}-{}", number("message_index"), number("output_index")))
    }

    fn earnings(&mut self, kind: Kind, input: &Object) -> Checked {
        let name = if kind == Kind::Witnessing { "witnessing" } else { "headers_commission" };
        if kind == Kind::HeadersCommission && self.last == Kind::Witnessing {
            return Err(Invalid::unit("all headers commissions must come before witnessings"));
        }
        if !has_only(input, &["type", "from_main_chain_index", "to_main_chain_index", "address"]) {
            return Err(Invalid::unit("unknown fields in witnessing input"));
        }
        for field in ["from_main_chain_index", "to_main_chain_index"] {
            if !is_nonnegative_integer(input.get(field)) {
                return Err(Invalid::unit(format!("{field} must be nonnegative int")));
            }
        }
        let number = |field: &str| input.get(field).and_then(integer);
        if number("from_main_chain_index") > number("to_main_chain_index") {
            return Err(Invalid::unit("from_main_chain_index > input.to_main_chain_index"));
        }
        let address = self.owner(input, name)?;
        self.spend(format!("{name}-{address}"))
    }

    /// Whose the input is: named where several sign, and only there.
    fn owner(&self, input: &Object, name: &str) -> Result<String, Invalid> {
        match (self.unit.single_author(), input.get("address")) {
            (Some(author), None) => Ok(author.to_owned()),
            (Some(_), Some(_)) => {
                Err(Invalid::unit(format!("when single-authored, must not put address in {name} input")))
            }
            (None, address) => {
                let address = address.and_then(Value::as_str).ok_or_else(|| {
                    Invalid::unit(format!("when multi-authored, must put address in {name} input"))
                })?;
                if !self.unit.is_author(address) {
                    return Err(Invalid::unit(format!("{name} input address {address} is not an author")));
                }
                Ok(address.to_owned())
            }
        }
    }

    fn spend(&mut self, key: String) -> Checked {
        if self.seen.inputs.contains(&key) {
            return Err(Invalid::unit(format!("input {key} already used")));
        }
        self.seen.inputs.insert(key);
        Ok(())
    }
}

/// Inputs equal outputs and all fees (4.4).
///
/// `inputs` is what each input holds: coins, earnings or issues.
pub fn balance(unit: &Unit, inputs: impl IntoIterator<Item = Bytes>) -> Checked {
    // At most 128 inputs below the cap: far from where a u64 ends.
    let inputs: u64 = inputs.into_iter().map(Bytes::get).sum();
    if inputs > Bytes::MAX.get() {
        return Err(Invalid::unit(format!("total input too large: {inputs}")));
    }
    let outputs: u64 = unit.outputs().map(|(_, output)| output.amount.get()).sum();
    let counts_votes = unit.messages().iter().any(|message| message.app == "system_vote_count");
    let parts = [
        unit.headers_commission().get(),
        unit.payload_commission().get(),
        unit.oversize_fee().get(),
        unit.tps_fee().map_or(0, Bytes::get),
        unit.burn_fee().get(),
        if counts_votes { VOTE_COUNT_FEE } else { 0 },
    ];
    if inputs == outputs + parts.iter().sum::<u64>() {
        return Ok(());
    }
    let parts: Vec<_> = parts.iter().map(u64::to_string).collect();
    Err(Invalid::unit(format!(
        "inputs and outputs do not balance: {inputs} !== {outputs} + {}",
        parts.join(" + ")
    )))
}
