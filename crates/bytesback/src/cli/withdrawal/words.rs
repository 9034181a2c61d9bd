//! Withdrawals in words.

use ledger::Purse;
use serde_json::{Value, json};
use store::{Endpoint, Partner, PayoutState, WithdrawalRecord, WithdrawalVerdict};

use crate::cli::people::{date, in_groups};

/// A withdrawal, and where it stands.
pub(in crate::cli) fn text(endpoint: Endpoint, record: &WithdrawalRecord, partners: &[Partner]) -> String {
    let WithdrawalRecord { command, payout, .. } = record;
    let replaced = match record.answered {
        Some(answered) if answered.replaced => "  the unit that was answered first is proven dead\n",
        _ => "",
    };
    format!(
        "withdrawal {command} of {} at the {endpoint} endpoint, payout {}\n  {} bytes to {}, accepted {}\n  {}\n{replaced}",
        purse(record.purse, partners),
        payout.id,
        in_groups(payout.amount),
        payout.payee,
        date(payout.queued_at),
        stands(record),
    )
}

fn stands(record: &WithdrawalRecord) -> String {
    match record.state {
        PayoutState::Queued => "waits in the queue; a server that runs pays it within seconds".to_owned(),
        PayoutState::Parked => {
            "parked: the address is an autonomous agent's; it is never paid, and everything has returned"
                .to_owned()
        }
        PayoutState::Held { since, .. } => format!(
            "held since {}: a unit that the book does not know may have paid it; look, then \
             `bytesback fund withdrawals --release {1}` or `--reject {1}`",
            date(since),
            record.command
        ),
        PayoutState::Rejected { at, .. } => {
            format!("rejected {}: a unit that the book does not know has paid it", date(at))
        }
        PayoutState::InUnit { unit, status } => format!("in unit {unit}, which is {}", status.code()),
        PayoutState::Final { unit } => format!("paid for ever by unit {unit}"),
    }
}

/// The same for machines.
pub(in crate::cli) fn object(endpoint: Endpoint, record: &WithdrawalRecord, partners: &[Partner]) -> Value {
    let (state, unit) = match record.state {
        PayoutState::Queued => ("queued", None),
        PayoutState::Parked => ("parked", None),
        PayoutState::Held { .. } => ("held", None),
        PayoutState::Rejected { .. } => ("rejected", None),
        PayoutState::InUnit { unit, .. } => ("in_unit", Some(unit)),
        PayoutState::Final { unit } => ("final", Some(unit)),
    };
    json!({
        "endpoint": endpoint.code(),
        "withdrawal": record.command.to_string(),
        "of": purse_json(record.purse, partners),
        "payout": record.payout.id,
        "address": record.payout.payee.place(),
        "amount": record.payout.amount,
        "accepted": {"at": date(record.payout.queued_at), "ms": record.payout.queued_at.as_millis()},
        "state": state,
        "unit": unit,
        "replaced": record.answered.is_some_and(|answered| answered.replaced),
        "slots": record.slots,
    })
}

/// Whose bytes, for people.
pub(in crate::cli) fn purse(purse: Purse, partners: &[Partner]) -> String {
    match purse {
        Purse::Fund => "the fund".to_owned(),
        Purse::Deposit(id) => {
            let partner = partners.iter().find(|partner| partner.id == id);
            partner.map_or_else(|| format!("partner {id}"), |partner| partner.name.to_string())
        }
    }
}

/// Whose bytes, for machines: `fund`, or a partner.
pub(in crate::cli) fn purse_json(of: Purse, partners: &[Partner]) -> Value {
    match of {
        Purse::Fund => json!("fund"),
        Purse::Deposit(_) => json!({"partner": purse(of, partners)}),
    }
}

/// Why nothing leaves, and what to do.
pub(super) fn refusal(verdict: &WithdrawalVerdict, whose: &str) -> String {
    match verdict {
        WithdrawalVerdict::Accepted(_) | WithdrawalVerdict::Replay(_) => {
            "this was accepted before".to_owned()
        }
        WithdrawalVerdict::Conflict(before) => format!(
            "this id was used for a withdrawal of {} bytes to {} already: choose another id",
            in_groups(before.payout.amount),
            before.payout.payee
        ),
        WithdrawalVerdict::NoAddress => "the partner has registered no address at this endpoint: do so with \
             `bytesback partner withdrawal-address NAME ADDRESS`"
            .to_owned(),
        WithdrawalVerdict::OwnAddress => {
            "the address is one of this server's: name one of another wallet".to_owned()
        }
        WithdrawalVerdict::NeverServed => {
            "no server of this version has run here yet: start it, so that it is known what to set aside"
                .to_owned()
        }
        WithdrawalVerdict::TooLow { available } => {
            format!("of {whose} {} bytes can be withdrawn", in_groups(*available))
        }
        WithdrawalVerdict::FeesTooLow { missing } => format!(
            "the fund lacks {} bytes of what is set aside for network fees: fill it first",
            in_groups(*missing)
        ),
    }
}
