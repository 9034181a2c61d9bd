//! Where purchases are accepted: order ids, the book, and the answers that customers got.
//!
//! A model of what the server's store does in one transaction, on the real ledger; and beside it what must
//! be true of it: a refused order holds nothing, an accepted one is owed until it is proven paid, and its
//! answers agree.

use std::collections::BTreeMap;

use ledger::{
    Acceptance, Account, Book, Entry, OutputRef, PartnerId, PayoutNumber, Refusal, events, restored,
};
use obyte::compose::Coin;
use obyte::{Bytes, CoinId, UnitHash};
use payout::{Change, Origin, Payee, Payout, PayoutId, Settlement, Timestamp};

use crate::broken::{Broken, Promise, hold};
use crate::journal::{Answered, Journal};
use crate::keys::{PARTNERS, deposit_address};

/// What names a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Order {
    pub(crate) partner: i64,
    pub(crate) id: u64,
}

/// What must be the same when a purchase is reported again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) recipient: Payee,
    pub(crate) base: Bytes,
    pub(crate) share: Bytes,
}

impl Terms {
    fn total(&self) -> Bytes {
        // What the partner gives is matched.
        Bytes::checked_sum([self.base, self.share, self.share]).expect("shares are small")
    }
}

/// What is set aside of the fund.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reserves {
    /// For the fees of each payout.
    pub(crate) payout: Bytes,
    /// On top of that for what a textcoin holds above the cashback.
    pub(crate) claim: Bytes,
}

impl Reserves {
    fn of(&self, payee: Payee) -> Bytes {
        match payee {
            Payee::Address(_) => self.payout,
            Payee::Textcoin(_) => self.payout.checked_add(self.claim).expect("some thousand bytes"),
        }
    }
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    Accepted(Payout),
    /// Accepted, and held for the operator.
    Held(PayoutId),
    Replay(PayoutId),
    OtherTerms,
    Refused,
}

#[derive(Clone, Debug)]
struct Purchase {
    terms: Terms,
    payout: PayoutId,
    told: Option<UnitHash>,
}

/// The orders and the book of one endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Counter {
    reserves: Reserves,
    book: Book,
    purchases: BTreeMap<Order, Purchase>,
    by_payout: BTreeMap<PayoutId, Order>,
    /// What stays set aside for a unit that pulls another one in.
    kept: u64,
    /// Whether the wallet is being restored.
    is_restoring: bool,
    /// How often the fund made up for what was missing.
    covered: u64,
    /// What is set aside for spending each coin from outside that is not spent.
    coin_reserves: BTreeMap<CoinId, u64>,
    /// The auditor's own sums: what is owed and not proven paid, and what is set aside for that.
    owed: u64,
    reserved: u64,
}

impl Counter {
    pub(crate) fn new(reserves: Reserves) -> Self {
        Self {
            reserves,
            book: Book::new(),
            purchases: BTreeMap::new(),
            by_payout: BTreeMap::new(),
            kept: 0,
            is_restoring: false,
            covered: 0,
            coin_reserves: BTreeMap::new(),
            owed: 0,
            reserved: 0,
        }
    }

    /// One transaction: the order id is claimed, the book takes the shares, the payout is owed. Or nothing
    /// changes.
    pub(crate) fn accept(
        &mut self,
        order: Order,
        terms: Terms,
        at: Timestamp,
        journal: &mut Journal,
    ) -> Result<Ruling, Broken> {
        if let Some(known) = self.purchases.get(&order) {
            let same = known.terms == terms;
            return Ok(if same { Ruling::Replay(known.payout) } else { Ruling::OtherTerms });
        }
        let number = i64::try_from(self.purchases.len()).expect("few") + 1;
        let acceptance = self.acceptance(order, &terms);
        let entry = events::purchase_accepted(PayoutNumber::new(number), &acceptance);
        match self.book.apply(&entry.expect("there are shares")) {
            Ok(()) => {}
            Err(Refusal::Overdraft { .. }) => return Ok(Ruling::Refused),
            Err(other) => return Err(Broken::new(Promise::Books, other.to_string())),
        }
        let id = PayoutId::new(number);
        let payout = Payout { id, payee: terms.recipient, amount: terms.total(), queued_at: at };
        self.purchases.insert(order, Purchase { terms, payout: id, told: None });
        self.by_payout.insert(id, order);
        self.owed += payout.amount.get();
        self.reserved += acceptance.fee_reserve.get();
        journal.accept(payout)?;
        Ok(if journal.held.contains(&id) { Ruling::Held(id) } else { Ruling::Accepted(payout) })
    }

    /// The operator books a part of the fund as a partner's deposit; tells whether there is enough.
    pub(crate) fn book_deposit(&mut self, partner: i64, amount: Bytes) -> bool {
        let command = format!("deposit-of-{partner}").parse().expect("it is a name");
        let entry = events::deposit_booked(command, PartnerId::new(partner), amount, Bytes::ZERO);
        self.book.apply(&entry.expect("something is booked")).is_ok()
    }

    /// Books what the store just committed.
    pub(crate) fn commit(&mut self, changes: &[Change], journal: &Journal) -> Result<(), Broken> {
        for change in changes {
            match change {
                Change::CoinProven { coin, origin: Origin::Others, reserve, .. } => {
                    self.credit(coin, *reserve)?;
                    self.coin_reserves.insert(coin.id, reserve.get());
                    self.cover_missing()?;
                }
                Change::CoinProven { coin, origin: Origin::ForeignUnit, .. } => {
                    self.post(&restored::coin_found(output(coin), coin.amount).expect("coins hold bytes"))?;
                }
                Change::CoinLost { coin, .. } => self.lose(coin)?,
                Change::RestoreBegun { .. } => self.is_restoring = true,
                Change::Restored { .. } => {
                    self.is_restoring = false;
                    self.balance_missing()?;
                }
                Change::Settled(settlement) => self.settle(settlement, journal)?,
                Change::Parked { payout, .. } => self.cancel(*payout)?,
                _ => {}
            }
        }
        self.check()
    }

    /// A coin at a partner's deposit address is its deposit; any other is the fund's.
    fn credit(&mut self, coin: &Coin, reserve: Bytes) -> Result<(), Broken> {
        let partner = (1..=PARTNERS).find(|partner| deposit_address(*partner) == coin.address);
        let entry = match partner {
            None => events::fund_received(output(coin), coin.amount, reserve),
            Some(partner) => {
                let fund = self.book.balance(Account::Fund).to_bytes().unwrap_or_default();
                let partner = PartnerId::new(partner.into());
                events::deposit_received(output(coin), partner, coin.amount, reserve, fund, Bytes::ZERO)
            }
        };
        self.post(&entry.expect("coins hold bytes"))
    }

    /// A coin is gone, and what was set aside for spending it is the fund's again.
    fn lose(&mut self, coin: &Coin) -> Result<(), Broken> {
        let reserve = self.coin_reserves.remove(&coin.id).unwrap_or_default();
        self.post(
            &restored::coin_lost(output(coin), coin.amount, Bytes::literal(reserve))
                .expect("coins hold bytes"),
        )
    }

    /// What is missing.
    fn missing(&self) -> Bytes {
        let balance = self.book.balance(Account::Missing).get();
        Bytes::new(balance.min(0).unsigned_abs()).expect("less than all there are")
    }

    fn balance_missing(&mut self) -> Result<(), Broken> {
        let surplus = self.book.balance(Account::Missing).to_bytes().unwrap_or_default();
        if surplus.is_zero() {
            return self.cover_missing();
        }
        self.covered += 1;
        self.post(&restored::surplus_found(self.covered, surplus).expect("there is something"))
    }

    fn cover_missing(&mut self) -> Result<(), Broken> {
        let fund = self.book.balance(Account::Fund).to_bytes().unwrap_or_default();
        let amount = fund.min(self.missing());
        if amount.is_zero() {
            return Ok(());
        }
        self.covered += 1;
        self.post(&restored::missing_covered(self.covered, amount).expect("there is something"))
    }

    /// The operator has found what was held: paid by a unit that was lost.
    pub(crate) fn note_paid_elsewhere(&mut self, payout: PayoutId) -> Result<(), Broken> {
        let order = *self.by_payout.get(&payout).expect("what is held was accepted");
        let terms = self.purchases[&order].terms;
        let number = PayoutNumber::new(payout.get());
        let acceptance = self.acceptance(order, &terms);
        let entry = restored::paid_elsewhere(number, &acceptance, self.missing());
        self.owed -= terms.total().get();
        self.reserved -= acceptance.fee_reserve.get();
        self.post(&entry.expect("there are shares"))?;
        self.cover_missing()?;
        self.check()
    }

    /// What was set aside for an order returns; its id stays claimed.
    fn cancel(&mut self, payout: PayoutId) -> Result<(), Broken> {
        let Some((order, purchase)) = self.by_payout.get(&payout).and_then(|order| {
            let purchase = self.purchases.get(order)?;
            Some((*order, purchase))
        }) else {
            return Err(Broken::new(Promise::PaidOnce, format!("payout {payout} is of no order")));
        };
        let number = PayoutNumber::new(payout.get());
        let (acceptance, total) = (self.acceptance(order, &purchase.terms), purchase.terms.total());
        let entry = events::payout_cancelled(number, &acceptance, Bytes::ZERO);
        self.owed -= total.get();
        self.reserved -= acceptance.fee_reserve.get();
        self.post(&entry.expect("there are shares"))
    }

    fn acceptance(&self, order: Order, terms: &Terms) -> Acceptance {
        Acceptance {
            partner: PartnerId::new(order.partner),
            base: terms.base,
            partner_share: terms.share,
            matched: terms.share,
            fee_reserve: self.reserves.of(terms.recipient),
        }
    }

    fn settle(&mut self, settlement: &Settlement, journal: &Journal) -> Result<(), Broken> {
        let Some(winner) = journal.version(settlement.version) else { return Ok(()) };
        let payouts = || settlement.paid.iter().filter_map(|id| journal.payouts.get(id));
        let sum = |amounts: &mut dyn Iterator<Item = Bytes>| Bytes::checked_sum(amounts).expect("in range");
        let amounts = |is_textcoin| {
            let of_kind = payouts().filter(move |payout| payout.payee.is_textcoin() == is_textcoin);
            sum(&mut of_kind.map(|payout| payout.amount))
        };
        let (paid, textcoins) = (amounts(false), amounts(true));
        let issues = payouts().filter_map(|payout| payout.payee.issue());
        let claim_reserves = sum(&mut issues.map(|issue| issue.reserve));
        let of_payouts = sum(&mut payouts().map(|payout| self.reserves.of(payout.payee)));
        self.owed -= paid.get() + textcoins.get();
        self.reserved -= of_payouts.get();
        let coins =
            settlement.spent.iter().filter_map(|coin| self.coin_reserves.remove(&coin.id)).sum::<u64>();
        let reserved = of_payouts.get() + coins + self.kept;
        let kept = settlement.kept.get();
        hold!(Books, kept <= reserved, "{} keeps {kept} of {reserved} set aside", settlement.version);
        let moved = ledger::Settlement {
            paid,
            textcoins,
            claim_reserves,
            reserve_released: Bytes::literal(reserved - kept),
            size_fees: winner.fees.size,
            tps_fee: winner.fees.tps,
            ..ledger::Settlement::default()
        };
        self.kept = kept;
        self.post_settled(settlement.unit, moved)?;
        match settlement.charged_tps_fee.filter(|fee| !fee.is_zero()) {
            Some(fee) => self.post(&events::tps_fee_charged(settlement.unit, fee).expect("above zero")),
            None => Ok(()),
        }
    }

    /// What moves the coins of a wallet that is restored may cost more than the fund holds.
    fn post_settled(&mut self, unit: UnitHash, moved: ledger::Settlement) -> Result<(), Broken> {
        let entry = |moved| events::unit_settled(unit, &moved).expect("a unit moves bytes");
        match self.book.apply(&entry(moved)) {
            Err(Refusal::Overdraft { account: Account::Fund, missing }) if self.is_restoring => {
                let short = missing.to_bytes().expect("above zero");
                self.post(&entry(ledger::Settlement { short, ..moved }))
            }
            Err(refusal) => Err(Broken::new(Promise::Books, format!("{unit} cannot be booked: {refusal}"))),
            Ok(()) => Ok(()),
        }
    }

    fn post(&mut self, entry: &Entry) -> Result<(), Broken> {
        self.book.apply(entry).map_err(|refusal| {
            Broken::new(Promise::Books, format!("{} cannot be booked: {refusal}", entry.cause()))
        })
    }

    /// The book against the auditor's own sums.
    fn check(&self) -> Result<(), Broken> {
        hold!(Books, self.book.total() == 0, "the book does not balance");
        let owed = u64::try_from(self.book.balance(Account::Owed).get()).ok();
        hold!(Books, owed == Some(self.owed), "{owed:?} is booked as owed, {} is", self.owed);
        let reserved = u64::try_from(self.book.balance(Account::FeeReserve).get()).ok();
        let wanted = self.reserved + self.coin_reserves.values().sum::<u64>() + self.kept;
        hold!(Books, reserved == Some(wanted), "{reserved:?} is reserved for fees instead of {wanted}");
        Ok(())
    }

    /// What is answered for a payout now; checked against what was answered before.
    pub(crate) fn answer(
        &mut self,
        payout: PayoutId,
        journal: &Journal,
        is_dead: impl Fn(&UnitHash) -> bool,
    ) -> Result<Option<Answered>, Broken> {
        let Some(answered) = journal.answered(payout) else { return Ok(None) };
        let order = self.by_payout.get(&payout);
        let Some(purchase) = order.and_then(|order| self.purchases.get_mut(order)) else {
            return Err(Broken::new(Promise::PaidOnce, format!("payout {payout} is of no order")));
        };
        let owed = journal.payouts.get(&payout).map(|payout| payout.amount);
        hold!(SameAnswer, owed == Some(purchase.terms.total()), "the amount of payout {payout} changed");
        if let Some(before) = purchase.told.replace(answered.unit).filter(|before| *before != answered.unit) {
            hold!(SameAnswer, answered.replaced, "another unit is told for payout {payout} without a word");
            hold!(SameAnswer, is_dead(&before), "another unit is told for payout {payout}, before it died");
        }
        Ok(Some(answered))
    }

    /// The book as it must be.
    pub(crate) const fn book(&self) -> &Book {
        &self.book
    }

    /// Everything that was accepted, with its terms.
    pub(crate) fn orders(&self) -> Vec<(Order, Terms)> {
        self.purchases.iter().map(|(order, purchase)| (*order, purchase.terms)).collect()
    }

    /// When everything is over: the coins on the network are those of the book.
    pub(crate) fn check_rest(&self, coins: u64) -> Result<(), Broken> {
        hold!(Books, self.owed == 0 && self.reserved == 0, "{} bytes are unpaid", self.owed);
        let expected = self.book.coins_expected().map(Bytes::get).ok();
        hold!(Books, expected == Some(coins), "{coins} bytes are there, the book says {expected:?}");
        Ok(())
    }
}

const fn output(coin: &Coin) -> OutputRef {
    OutputRef { unit: coin.id.unit, message: coin.id.message_index, output: coin.id.output_index }
}
