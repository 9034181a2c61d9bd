//! Taking textcoins back: which one is next, when, and the unit that does it (9.3).

use std::time::Duration;

use obyte::Bytes;
use obyte::compose::{self, Coin, Parents, Payer, Payment, SignedUnit, Spend, UnsignedUnit};
use obyte::fee::ThresholdSize;
use obyte::unit::CoinId;

use super::{Keeper, KeeperAction, Kept, Outbox, Sweep, SweepChange};
use crate::pacing::{Lately, Waiting};
use crate::{AskId, Fees, TextcoinNo, Timestamp, VersionNo, VersionStatus};

/// So many sweeps are on their way at most: they share the network's load, and its fee, with customers.
const OPEN_MAX: usize = 20;
/// That nobody spends a textcoin is believed for so long after the history was asked for.
const FRESH: Duration = Duration::from_secs(60);
/// While customers wait for a unit, one sweep leaves in this time: a line that waits for coins needs what comes back.
const POLITE: Duration = Duration::from_secs(10);
/// After a fee above the ceiling: what a moment has made dear is soon cheap again. Twice as long each time in a row.
const DEAR: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(10)];
/// After a reason that lies in one textcoin, that one waits so long. Twice as long each time in a row.
const IN_VAIN: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(3600)];
/// So many of those that are due are looked at ahead.
const AHEAD: usize = 100;

/// Where taking back stands.
#[derive(Debug, Default)]
pub(super) struct Sweeping {
    asking: Option<(AskId, TextcoinNo)>,
    not_before: Timestamp,
    last_sent: Option<Timestamp>,
    /// How often in a row it turned out that none can be made now.
    in_vain: u32,
}

impl Sweeping {
    pub(super) const fn forget_question(&mut self) {
        self.asking = None;
    }

    pub(super) fn fail(&mut self, ask: AskId, later: Timestamp) {
        if self.asking.take_if(|(asked, _)| *asked == ask).is_some() {
            self.hold(later);
        }
    }

    /// None is made before that time.
    pub(super) fn hold(&mut self, until: Timestamp) {
        self.not_before = self.not_before.max(until);
    }

    pub(super) fn not_after(&mut self, now: Timestamp) {
        self.not_before = self.not_before.min(now);
        self.last_sent = self.last_sent.map(|at| at.min(now));
    }
}

impl Kept {
    /// Whether a unit may be made for it as soon as it is due.
    fn may_be_swept(&self) -> bool {
        self.textcoin.claim.is_none() && !self.is_being_swept()
    }

    /// Since when it is to be taken back. What an operator wants back goes before what has expired.
    fn wanted_at(&self) -> Timestamp {
        if self.textcoin.recalled { Timestamp::default() } else { self.textcoin.expires_at }
    }

    fn due_at(&self) -> Timestamp {
        self.wanted_at().max(self.sweep_at)
    }

    /// None can be made for it now: it waits, and holds up no other.
    fn wait(&mut self, now: Timestamp) {
        let [first, most] = IN_VAIN;
        let pause = first.saturating_mul(1 << self.in_vain.min(10));
        self.sweep_at = now.plus(pause.min(most));
        self.in_vain += 1;
    }

    fn is_seen_unspent(&self, now: Timestamp) -> bool {
        self.unspent_at.is_some_and(|at| now.since(at) < FRESH)
    }
}

impl Keeper {
    /// When the next unit may be made, or the next textcoin be looked at that is due; nothing while something else
    /// has to happen first.
    pub(super) fn next_sweep(&self, now: Timestamp) -> Option<Timestamp> {
        if !self.may_begin() {
            return None;
        }
        let candidates = self.textcoins.values().filter(|kept| kept.may_be_swept());
        let (due, later): (Vec<&Kept>, Vec<&Kept>) = candidates.partition(|kept| kept.due_at() <= now);
        let in_question = self.looking.in_question();
        let is_looked_at = |kept: &Kept| kept.look_at.is_some() || in_question.contains(&kept.textcoin.no);
        if due.iter().any(|kept| kept.is_seen_unspent(now)) {
            Some(self.pace(now))
        } else if due.iter().any(|kept| is_looked_at(kept)) {
            // The history will tell.
            None
        } else if due.is_empty() {
            later.iter().map(|kept| kept.due_at()).min()
        } else {
            Some(self.sweeping.not_before)
        }
    }

    fn may_begin(&self) -> bool {
        let open = self.textcoins.values().filter(|kept| kept.is_being_swept()).count();
        self.sweeping.asking.is_none() && self.line.may_sweep && self.line.home.is_some() && open < OPEN_MAX
    }

    /// The next unit leaves behind the one before with the gap at which fees stay low, and customers go first.
    fn pace(&self, now: Timestamp) -> Timestamp {
        let waiting = Waiting { count: 1, oldest: now, newest: now };
        let paced = self.pacer.send_at(&waiting, &self.lately(), now).max(self.sweeping.not_before);
        match (self.line.queued, self.sweeping.last_sent) {
            (1.., Some(last)) => paced.max(last.plus(POLITE)),
            _ => paced,
        }
    }

    fn lately(&self) -> Lately {
        let open = self.textcoins.values().filter_map(|kept| kept.textcoin.sweeps.last());
        let signed: Vec<Timestamp> =
            open.filter(|sweep| sweep.is_alive()).map(|sweep| sweep.signed_at).collect();
        Lately {
            open: signed.len() + self.line.open,
            since: signed.into_iter().min(),
            last: self.sweeping.last_sent,
            proof_took: None,
        }
    }

    /// Looks at those that are due, and asks for parents for the one that is due the longest and seen unspent.
    pub(super) fn begin_sweep(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.next_sweep(now).is_none_or(|at| at > now) {
            return;
        }
        let due = self.textcoins.values().filter(|kept| kept.may_be_swept() && kept.due_at() <= now);
        let mut due: Vec<(Timestamp, TextcoinNo)> =
            due.map(|kept| (kept.wanted_at(), kept.textcoin.no)).collect();
        due.sort_unstable();
        let in_question = self.looking.in_question().to_vec();
        for (_, no) in due.iter().take(AHEAD) {
            let kept = self.textcoins.get_mut(no).expect("it was found above");
            if !kept.is_seen_unspent(now) && !in_question.contains(no) {
                kept.look_by(now);
            }
        }
        let ready = due.iter().map(|(_, no)| no).find(|no| self.textcoins[no].is_seen_unspent(now));
        if let (Some(no), Some(to)) = (ready.copied(), self.line.home)
            && self.pace(now) <= now
        {
            let ask = self.new_ask();
            self.sweeping.asking = Some((ask, no));
            let from = self.textcoins[&no].textcoin.coin.address;
            out.push(KeeperAction::AskParents { ask, from, to });
        }
    }

    pub(super) fn on_parents(
        &mut self,
        now: Timestamp,
        ask: AskId,
        mut parents: Parents,
        threshold: ThresholdSize,
        out: &mut Outbox,
    ) {
        let Some((_, no)) = self.sweeping.asking.take_if(|(asked, _)| *asked == ask) else { return };
        let may_begin = self.may_begin();
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        if !may_begin || !kept.may_be_swept() || !kept.is_due(now) {
            return;
        }
        parents.tps_fee = parents.tps_fee.max(std::mem::take(&mut kept.tps_fee));
        match self.make(now, no, &parents, threshold) {
            Ok(sweep) => self.send(now, no, sweep, out),
            Err(NotNow { what, until }) => {
                self.not_now(now, no, until);
                out.push(KeeperAction::Note { no, what });
            }
        }
    }

    fn not_now(&mut self, now: Timestamp, no: TextcoinNo, until: Option<Timestamp>) {
        if let Some(until) = until {
            self.sweeping.hold(until);
            self.sweeping.in_vain += 1;
        } else if let Some(kept) = self.textcoins.get_mut(&no) {
            kept.wait(now);
        }
    }

    fn send(&mut self, now: Timestamp, no: TextcoinNo, sweep: Sweep, out: &mut Outbox) {
        let follow_at = now.plus(self.settings.follow_every);
        let Some(kept) = self.textcoins.get_mut(&no) else { return };
        if kept.is_own(&sweep.unit) {
            // Nothing has changed at the hub since it refused this very unit.
            kept.sweep_at = now.plus(self.settings.retry_after);
            return;
        }
        kept.in_vain = 0;
        kept.textcoin.sweeps.push(sweep.clone());
        kept.look_by(follow_at);
        self.sweeping.last_sent = Some(now);
        self.sweeping.in_vain = 0;
        out.persist(SweepChange::Signed { no, sweep });
        self.post(now, no, out);
    }

    fn make(
        &self,
        now: Timestamp,
        no: TextcoinNo,
        parents: &Parents,
        threshold: ThresholdSize,
    ) -> Result<Sweep, NotNow> {
        let kept = &self.textcoins[&no];
        self.check_clock(now, parents)?;
        let (asked, ceiling) = (parents.tps_fee, self.settings.limits.ceiling(1, Bytes::ZERO));
        if asked > ceiling {
            let what = format!("the hub asks a TPS fee of {asked} bytes, above the ceiling of {ceiling}");
            return Err(self.too_dear(now, what));
        }
        let (unsigned, signed) =
            self.compose(kept, parents, threshold).map_err(|what| NotNow { what, until: None })?;
        let fees = Fees { size: unsigned.fees.for_size(), tps: unsigned.fees.tps_fee };
        let most = kept.textcoin.fees_max;
        if fees.total() > most {
            let what = format!("taking it back costs {} bytes now, and may cost {most}", fees.total());
            return Err(NotNow { what, until: None });
        }
        let rest = &unsigned.layout.change;
        let id = CoinId {
            unit: signed.hash,
            message_index: unsigned.layout.message_index,
            output_index: rest.output_index,
        };
        let count = u32::try_from(kept.textcoin.sweeps.len()).expect("there are never 2^32 versions");
        Ok(Sweep {
            version: VersionNo::new(count),
            unit: signed.hash,
            json: signed.json.into(),
            coin: Coin { id, amount: rest.output.amount, address: rest.output.address },
            fees,
            signed_at: now,
            status: VersionStatus::Journaled,
        })
    }

    fn compose(
        &self,
        kept: &Kept,
        parents: &Parents,
        threshold: ThresholdSize,
    ) -> Result<(UnsignedUnit, SignedUnit), String> {
        let coin = kept.textcoin.coin;
        let textcoin = self.keys.textcoin(kept.textcoin.no).filter(|made| made.address() == coin.address);
        let textcoin = textcoin.ok_or("it is not of this wallet")?;
        let to = self.line.home.ok_or("the line has no address yet")?;
        let unsigned = compose::compose(&Payment {
            network: self.settings.network,
            parents,
            threshold,
            payers: &[Payer::new(textcoin.key().public_key(), kept.shows_definition)],
            mandatory: &[coin],
            candidates: &[],
            outputs: &[],
            spend: Spend::All { to },
            notes: &[],
        });
        let unsigned = unsigned.map_err(|error| error.to_string())?;
        let signed = unsigned.sign(&[textcoin.key().secret_key().clone()]);
        Ok((unsigned, signed.map_err(|error| error.to_string())?))
    }

    fn too_dear(&self, now: Timestamp, what: String) -> NotNow {
        let [first, most] = DEAR;
        let pause = first.saturating_mul(1 << self.sweeping.in_vain.min(10));
        NotNow { what, until: Some(now.plus(pause.min(most))) }
    }

    fn check_clock(&self, now: Timestamp, parents: &Parents) -> Result<(), NotNow> {
        let hub = Timestamp::from_millis(parents.timestamp.saturating_mul(1000));
        if hub.since(now).max(now.since(hub)) > self.settings.clock_skew_max {
            let what = "the hub's clock and this server's are minutes apart".to_owned();
            return Err(NotNow { what, until: Some(now.plus(DEAR[1])) });
        }
        Ok(())
    }
}

/// Why no unit is made now.
struct NotNow {
    what: String,
    /// Until when none is, for whatever textcoin; nothing where the reason lies in this one.
    until: Option<Timestamp>,
}
