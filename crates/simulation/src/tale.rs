//! Events and actions in words, short enough to read hundreds of them.

use std::fmt;

use obyte::UnitHash;
use payout::{Action, Change, Event, PayoutId, Standing};

/// Says what an event or an action is.
pub(crate) struct Tale<'a, T>(pub(crate) &'a T);

/// The beginning of a unit's name, which is enough to tell it apart.
pub(crate) struct Short<'a>(pub(crate) &'a UnitHash);

impl fmt::Display for Short<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().get(..6).unwrap_or_default())
    }
}

struct List<I>(I);

impl<I: Iterator<Item: fmt::Display> + Clone> fmt::Display for List<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, item) in self.0.clone().enumerate() {
            write!(f, "{}{item}", if index == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

fn ids(ids: &[PayoutId]) -> impl fmt::Display {
    List(ids.iter())
}

impl fmt::Display for Tale<'_, Event> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::Queued(payouts) => {
                write!(f, "> owed: payouts {}", List(payouts.iter().map(|payout| payout.id)))
            }
            Event::Connected => f.write_str("> connected"),
            Event::Disconnected => f.write_str("> disconnected"),
            Event::Parents { parents, .. } => {
                write!(f, "> parents at {}, fee {}", parents.last_ball_mci, parents.tps_fee)
            }
            Event::Agents { agents, .. } => write!(f, "> agents: {}", List(agents.iter())),
            Event::NoParents { .. } => f.write_str("> no parents"),
            Event::PostAnswered { version, text, .. } => write!(f, "> the hub says to {version}: {text}"),
            Event::PostUnanswered { version } => write!(f, "> no answer to {version}"),
            Event::HaveUpdates => f.write_str("> there is news"),
            Event::History { units, .. } => {
                f.write_str("> history:")?;
                for seen in units {
                    let standing = match seen.standing {
                        Standing::FinalGood => "good",
                        Standing::FinalBad => "bad",
                        Standing::Unstable => "listed",
                    };
                    write!(f, " {} {standing}", Short(&seen.unit))?;
                }
                Ok(())
            }
            Event::NoHistory { .. } => f.write_str("> no history"),
            Event::HistoryTooLarge { .. } => f.write_str("> the history is too large"),
            Event::Stock { stock, .. } => {
                write!(f, "> {} units in stock at {}", stock.units.len(), stock.main_chain_index)
            }
            Event::NoStock { .. } => f.write_str("> no stock could be taken"),
            Event::FeeLaw(_) => f.write_str("> another fee law"),
            Event::Deposits(count) => write!(f, "> {count} deposit addresses are given"),
            Event::Resumed => f.write_str("> the operator lets paying go on"),
            Event::Paused(why) => write!(f, "> paying is stopped: {why}"),
            Event::Repost(None) => f.write_str("> the operator wants all posted again"),
            Event::Repost(Some(slot)) => write!(f, "> the operator wants slot {slot} posted again"),
            Event::TextcoinsDerived(derived) => write!(f, "> {} textcoins are derived", derived.len()),
            Event::Tick => f.write_str("> time passes"),
        }
    }
}

impl fmt::Display for Tale<'_, Action> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Action::Persist(changes) => {
                f.write_str("  keeps")?;
                for (index, change) in changes.iter().enumerate() {
                    write!(f, "{} {}", if index == 0 { "" } else { ";" }, Tale(change))?;
                }
                Ok(())
            }
            Action::AskParents(_) => f.write_str("  asks for parents"),
            Action::LookUpAgents { .. } => f.write_str("  asks which payees are agents"),
            Action::Parked { payouts } => write!(f, "  tells that payouts {} are parked", ids(payouts)),
            Action::BeginAnew => f.write_str("  begins anew"),
            Action::AskHistory(question) => write!(
                f,
                "  asks for the history from {} of {} addresses, {} units",
                question.min_mci,
                question.addresses.len(),
                question.units.len()
            ),
            Action::TakeStock(_) => f.write_str("  asks for the stock"),
            Action::Post { version, .. } => write!(f, "  posts {version}"),
            Action::Accepted { payouts, unit } => {
                write!(f, "  tells {} for payouts {}", Short(unit), ids(payouts))
            }
            Action::Alarm(alarm) => write!(f, "  alarm: {alarm}"),
        }
    }
}

impl fmt::Display for Tale<'_, Change> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Change::SlotOpened(slot) => {
                write!(f, "slot {} on a coin of {}", slot.no, Short(&slot.anchor.id.unit))?;
                slot.versions.iter().try_for_each(|version| write!(f, ": {}", Tale(version)))
            }
            Change::VersionAdded { version, .. } => write!(f, "another version: {}", Tale(version)),
            Change::Answered { version, status, .. } => write!(f, "that {version} is {}", status.code()),
            Change::Settled(settlement) => write!(
                f,
                "that {} is good for ever, payouts {} are paid, {} are free",
                settlement.version,
                ids(&settlement.paid),
                ids(&settlement.freed)
            ),
            Change::SlotDied { slot, .. } => write!(f, "that slot {slot} is dead"),
            Change::CoinProven { coin, .. } => {
                write!(f, "a coin of {} bytes of {}", coin.amount, Short(&coin.id.unit))
            }
            Change::Parked { payout, .. } => write!(f, "that payout {payout} is parked"),
            Change::RestoreBegun { .. } => f.write_str("that the wallet is restored"),
            Change::ForeignUnit { unit, paid, .. } => {
                write!(f, "unit {} of no journal, which pays {}", Short(unit), paid.len())
            }
            Change::CoinLost { coin, .. } => {
                write!(f, "that a coin of {} bytes of {} is lost", coin.amount, Short(&coin.id.unit))
            }
            Change::Reached { places, deposits } => {
                write!(f, "that {places} addresses may have been used, and {deposits} for deposits")
            }
            Change::Restored { .. } => f.write_str("that the wallet is whole"),
            Change::Synced { main_chain_index } => write!(f, "that all is seen up to {main_chain_index}"),
        }
    }
}

impl fmt::Display for Tale<'_, payout::Version> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.0;
        let payouts = version.outputs.iter().map(|output| output.payout);
        write!(
            f,
            "{} = {} with {} coins, fee {}+{}, change {}, payouts {}",
            version.id,
            Short(&version.unit),
            version.inputs.len(),
            version.fees.size,
            version.fees.tps,
            version.change.amount,
            List(payouts)
        )
    }
}
