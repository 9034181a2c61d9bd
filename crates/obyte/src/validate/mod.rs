//! Validation: which units the network takes, in the order and with the error texts of the reference
//! (section 13).
//!
//! Here stands everything that can be judged without the rest of the network: [`light`] is what a
//! light wallet checks of any joint (7.5), [`structure`] what anybody checks of a unit to be posted.
//! A validator that knows the DAG puts its own checks between the parts of the latter, which are
//! therefore public as well: [`integrity`], [`recipients`], [`parents`], [`format()`], [`oversize`],
//! [`outputs_present`], [`authors`], [`messages`], [`balance`].

mod apps;
mod authors;
pub mod context;
mod fields;
mod header;
mod integrity;
mod js;
mod messages;
mod nesting;
mod payment;
mod posted;
mod rules;

use serde_json::Value;

pub use authors::{authentifiers, authors};
pub use integrity::{Origin, integrity};
pub use messages::messages;
pub use payment::balance;
pub use rules::{format, outputs_present, oversize, parents, recipients};

use crate::fee::ThresholdSize;
use crate::unit::Joint;
use crate::{Network, UnitHash};

/// What a refusal means for the unit (13.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Something that the unit hash does not cover is wrong: a livenet hub blocks who posted it.
    Joint,
    /// The unit is wrong, and stays so: hubs remember its hash as bad.
    Unit,
    /// The unit may be taken later.
    Transient,
    /// What was sent is no unit at all.
    Request,
}

/// A unit is refused.
///
/// Displayed is what is fit for a log: at most [`Invalid::SHOWN`] characters, without control characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", shown(text))]
pub struct Invalid {
    /// What the refusal means.
    pub class: Class,
    /// The text that the network answers. It may quote what was sent, whatever that is.
    pub text: String,
}

fn shown(text: &str) -> String {
    text.chars().take(Invalid::SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Invalid {
    /// How many characters are displayed.
    pub const SHOWN: usize = 500;

    /// What the unit hash does not cover is wrong.
    pub fn joint(text: impl Into<String>) -> Self {
        Self { class: Class::Joint, text: text.into() }
    }

    /// The unit is wrong.
    pub fn unit(text: impl Into<String>) -> Self {
        Self { class: Class::Unit, text: text.into() }
    }

    /// The unit may be taken later.
    pub fn transient(text: impl Into<String>) -> Self {
        Self { class: Class::Transient, text: text.into() }
    }

    /// What was sent is no unit.
    pub fn request(text: impl Into<String>) -> Self {
        Self { class: Class::Request, text: text.into() }
    }
}

type Checked = Result<(), Invalid>;

/// Where and when units are judged.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The network.
    pub network: Network,
    /// Its genesis unit, which obeys rules of its own; `None` for a wallet that need not know it.
    pub genesis: Option<UnitHash>,
    /// The validator's clock in seconds since 1970; `None` leaves timestamps in the future unjudged.
    pub now: Option<u64>,
}

impl Rules {
    fn is_genesis(&self, unit: &UnitHash) -> bool {
        self.genesis.as_ref() == Some(unit)
    }
}

/// What a light wallet checks of a joint (7.5). Proofs and signatures are not among it.
pub fn light(joint: &Value, rules: &Rules) -> Result<Joint, Invalid> {
    integrity(joint, rules, integrity::Origin::Received)
}

/// What can be checked of a unit to be posted without the DAG: all but what its inputs hold, what its
/// authors signed with, and what its parents are.
pub fn structure(joint: &Value, rules: &Rules, threshold: ThresholdSize) -> Result<Joint, Invalid> {
    let joint = integrity(joint, rules, integrity::Origin::Posted)?;
    let unit = &joint.unit;
    recipients(unit)?;
    parents(unit)?;
    format(unit)?;
    oversize(unit, threshold)?;
    outputs_present(unit)?;
    authors(unit)?;
    messages(unit, rules)?;
    Ok(joint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_is_fit_for_a_log() {
        let invalid = Invalid::unit(format!("unknown app: \u{1b}[2J\r\n{}", "ä".repeat(1_000_000)));
        let shown = invalid.to_string();
        assert!(shown.starts_with("unknown app:  [2J  ä"), "{shown}");
        assert_eq!(shown.chars().count(), Invalid::SHOWN);
        assert!(invalid.text.contains('\n'), "the network answers the whole");
    }
}
