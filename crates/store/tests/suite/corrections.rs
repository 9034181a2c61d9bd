//! Mailboxes that were mistyped: what came back from one is given anew to another, once.

use std::sync::Arc;
use std::time::Duration;

use ledger::Account;
use obyte::compose::Coin;
use obyte::{Address, Output};
use payout::{
    Change, Issue, Payee, Payout, PayoutId, RestoreCause, Slot, TextcoinNo, Timestamp, VersionStatus,
};
use program::{Day, EmailAddress, Limit, LimitRules, LimitSetting, Recipient};
use store::{
    Asker, CorrectionNo, CorrectionOrder, CorrectionRecord, CorrectionState, CorrectionVerdict,
    CorrectionWait, Endpoint, GivenAnew, GivingOrder, HoldReason, PayoutState, RefundOrder, RefundVerdict,
    ResendOrder, ResendVerdict, Reviewed, Scope, StoreError, TextcoinRecord, TextcoinState, Thing, Verdict,
    Violation,
};

use super::Backend;
use super::keeping::{
    BASE, LATER, SHARE, TPS, back, claim, give, given, open, owe, signed, sweep, violation,
};
use super::line::{added, funding};
use super::restoring::foreign_unit;
use super::units::{id, settled, slot, version};
use super::world::{RESERVE, World, answered, bytes, coin, credited};

/// Whose mailbox it is in the beginning.
const TYPED: &str = "a+b@example.org";
const RIGHT: &str = "right@example.org";

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn mailbox(text: &str) -> EmailAddress {
    text.parse().expect("a mailbox")
}

fn asked(world: &World, to: &str, by: Asker) -> CorrectionOrder {
    CorrectionOrder { key: world.key("1"), mailbox: mailbox(to), by, most: 3, limits: None, at: LATER }
}

async fn order(world: &World, order: CorrectionOrder) -> CorrectionVerdict {
    world.store.correct(Endpoint::Test, order).await.expect("the store works")
}

async fn correct(world: &World, to: &str) -> CorrectionVerdict {
    order(world, asked(world, to, Asker::Partner)).await
}

async fn due(world: &World, now: Timestamp) -> Vec<CorrectionNo> {
    world.store.due_corrections(Endpoint::Test, now).await.expect("the store works")
}

async fn try_to_give(
    world: &World,
    correction: CorrectionNo,
    limits: Option<Arc<LimitRules>>,
    now: Timestamp,
) -> Result<GivenAnew, StoreError> {
    world.store.give_anew(&world.lock, giving(correction, limits, now)).await
}

fn giving(correction: CorrectionNo, limits: Option<Arc<LimitRules>>, at: Timestamp) -> GivingOrder {
    GivingOrder { correction, fee_reserve: bytes(RESERVE), limits, at }
}

/// Gives the one that is due.
async fn give_due(world: &World) -> GivenAnew {
    let [correction] = due(world, LATER).await[..] else { panic!("one is due") };
    try_to_give(world, correction, None, LATER).await.expect("the store works")
}

async fn record(world: &World) -> TextcoinRecord {
    let found = world.store.textcoin(Endpoint::Test, &world.key("1")).await.expect("the store works");
    found.expect("it is a textcoin")
}

async fn corrections(world: &World) -> Vec<CorrectionRecord> {
    record(world).await.corrections
}

async fn last_state(world: &World) -> CorrectionState {
    corrections(world).await.last().expect("there is one").state
}

/// Takes back the textcoin that is open.
async fn take_back(world: &World) {
    let textcoin = open(world, None).await.remove(0);
    let unit = sweep(&textcoin, 0, TPS);
    signed(world, &textcoin, &unit).await.expect("a good unit");
    world.apply([back(&unit)]).await.expect("it came back");
}

/// The payout of a correction with a number of its own.
pub(crate) fn issued(payout: Payout, counter: u32) -> Payout {
    let address = Address::of_source(&format!("textcoin {counter}"));
    let no = TextcoinNo { generation: 0, counter };
    Payout { payee: Payee::Textcoin(Some(Issue { no, address, reserve: bytes(90) })), ..payout }
}

/// A world in which the cashback of order 1 was corrected, came back and is owed anew; and the coin behind slot 0.
pub(crate) async fn corrected(backend: &impl Backend) -> (World, Coin, Payout) {
    let (world, change) = given(backend).await;
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Noted);
    take_back(&world).await;
    let GivenAnew::Queued(payout) = give_due(&world).await else { panic!("it is owed anew") };
    (world, change, payout)
}

pub(crate) async fn what_came_back_is_owed_anew_to_the_right_mailbox(backend: &impl Backend) {
    let (world, change) = given(backend).await;
    let first = world.record("1").await;
    let owed = world.balance(Account::Owed).await;
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Noted);
    assert!(open(&world, None).await[0].recalled, "it is to come back");
    assert_eq!(record(&world).await.state(at(8)), TextcoinState::BeingCorrected);
    assert_eq!(last_state(&world).await, CorrectionState::Waits(CorrectionWait::Return));
    assert_eq!(due(&world, LATER).await, []);
    take_back(&world).await;
    assert_eq!(last_state(&world).await, CorrectionState::Waits(CorrectionWait::Nothing));
    assert_eq!(record(&world).await.state(LATER), TextcoinState::BeingCorrected);
    let [fund, deposit] = [Account::Fund, Account::Deposit(world.partner)];
    let before = [world.balance(fund).await, world.balance(deposit).await];
    let GivenAnew::Queued(payout) = give_due(&world).await else { panic!("it is owed anew") };
    assert_eq!((payout.payee, payout.amount), (Payee::Textcoin(None), bytes(BASE + SHARE)));
    assert_eq!(world.balance(Account::Owed).await, owed + 1_300);
    let after = [world.balance(fund).await, world.balance(deposit).await];
    assert_eq!([before[0] - after[0], before[1] - after[1]], [1_700, 300], "the same shares and reserve");
    assert_eq!(world.snapshot().await.queue, [payout]);
    assert_eq!(last_state(&world).await, CorrectionState::Given(payout.id));
    assert_eq!(due(&world, LATER.plus(Duration::from_secs(9))).await, [], "it is done");
    world.check_book().await;
    let anew = issued(payout, 1);
    give(&world, 1, change, anew).await;
    let now = record(&world).await;
    assert_eq!(
        (now.recipient.as_str(), now.payout, now.state(at(8))),
        (RIGHT, anew, TextcoinState::MailWaiting)
    );
    let mails = world.store.take_mails(Endpoint::Test, at(8), Duration::from_secs(9), 9).await;
    let mails = mails.expect("the store works");
    assert_eq!(mails.len(), 1, "none for the textcoin that came back");
    assert_eq!((mails[0].recipient.as_str(), mails[0].shop.as_str()), (RIGHT, "demo-shop"));
    assert_eq!(mails[0].textcoin.counter, 1);
    claim(&world, 1, "the customer").await.expect("it is claimed");
    assert_eq!(record(&world).await.state(LATER), TextcoinState::Claimed);
    let again = world.record("1").await;
    assert_eq!((again.payout, again.terms, again.answered), (first.payout, first.terms, first.answered));
    assert_eq!(world.balance(Account::Paid).await, 1_300);
    world.check_book().await;
}

pub(crate) async fn what_is_set_aside_for_fees_is_what_they_may_cost_now(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    take_back(&world).await;
    let [correction] = due(&world, LATER).await[..] else { panic!("one is due") };
    let before = [world.balance(Account::Fund).await, world.balance(Account::FeeReserve).await];
    // The ceiling of fees was raised since the purchase was accepted.
    let order = GivingOrder { fee_reserve: bytes(RESERVE + 200), ..giving(correction, None, LATER) };
    let given = world.store.give_anew(&world.lock, order).await.expect("the store works");
    assert!(matches!(given, GivenAnew::Queued(_)), "{given:?}");
    let after = [world.balance(Account::Fund).await, world.balance(Account::FeeReserve).await];
    assert_eq!([before[0] - after[0], after[1] - before[1]], [1_900, 900]);
    world.check_book().await;
}

pub(crate) async fn nothing_is_given_anew_before_all_is_proven_taken_back(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    let waiting = corrections(&world).await.remove(0);
    let before = world.balance(Account::Fund).await;
    let refused = try_to_give(&world, waiting.no, None, LATER).await;
    assert!(matches!(violation(refused.map(drop)), Violation::NotTakenBack(_)));
    assert_eq!(world.balance(Account::Fund).await, before);
    assert!(world.snapshot().await.queue.is_empty(), "nothing has changed");
    take_back(&world).await;
    try_to_give(&world, waiting.no, None, LATER).await.expect("it is back");
    let again = try_to_give(&world, waiting.no, None, LATER).await;
    assert!(matches!(again, Err(StoreError::Unknown(Thing::Correction))), "{again:?}");
    assert_eq!(world.snapshot().await.queue.len(), 1, "once");
    world.check_book().await;
}

pub(crate) async fn a_claim_that_comes_first_ends_the_correction(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    let waiting = corrections(&world).await.remove(0);
    claim(&world, 0, "somebody").await.expect("it is claimed");
    assert_eq!(last_state(&world).await, CorrectionState::Claimed);
    assert_eq!(record(&world).await.state(LATER), TextcoinState::Claimed);
    assert_eq!(due(&world, LATER).await, []);
    let refused = try_to_give(&world, waiting.no, None, LATER).await;
    assert!(matches!(refused, Err(StoreError::Unknown(Thing::Correction))), "{refused:?}");
    for to in [RIGHT, "another@example.org"] {
        assert_eq!(correct(&world, to).await, CorrectionVerdict::Claimed);
    }
    world.check_book().await;
}

pub(crate) async fn a_payer_is_told_of_it_until_it_has_taken_it_up(backend: &impl Backend) {
    let (world, _, payout) = corrected(backend).await;
    let world = world.restart(backend).await;
    assert_eq!(world.snapshot().await.queue, [payout]);
    for _ in 0..2 {
        let wishes = world.store.wishes(&world.lock).await.expect("the store works");
        assert_eq!(wishes.released, [payout]);
    }
    world.store.taken_up(&world.lock, &[payout.id], LATER).await.expect("the store works");
    let wishes = world.store.wishes(&world.lock).await.expect("the store works");
    assert_eq!(wishes.released, []);
}

pub(crate) async fn what_is_repeated_changes_nothing(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    assert_eq!(correct(&world, TYPED).await, CorrectionVerdict::SameMailbox);
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Noted);
    for _ in 0..5 {
        assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Replay);
    }
    assert_eq!(corrections(&world).await.len(), 1);
    take_back(&world).await;
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Replay);
    give_due(&world).await;
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Replay, "it was done");
    assert_eq!(corrections(&world).await.len(), 1);
    world.check_book().await;
}

pub(crate) async fn a_correction_that_waits_can_be_mended(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    for to in ["rihgt@example.org", TYPED, RIGHT] {
        assert_eq!(correct(&world, to).await, CorrectionVerdict::Noted);
    }
    let states: Vec<_> = corrections(&world).await.iter().map(|one| one.state).collect();
    let waits = CorrectionState::Waits(CorrectionWait::Return);
    assert_eq!(states, [CorrectionState::Replaced, CorrectionState::Replaced, waits]);
    assert_eq!(correct(&world, "4@example.org").await, CorrectionVerdict::TooOften, "three times");
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Replay);
    let by_operator = asked(&world, "5@example.org", Asker::Operator);
    assert_eq!(order(&world, by_operator).await, CorrectionVerdict::Noted);
    take_back(&world).await;
    give_due(&world).await;
    assert_eq!(record(&world).await.recipient.as_str(), "5@example.org");
    assert_eq!(world.snapshot().await.queue.len(), 1);
    world.check_book().await;
}

pub(crate) async fn a_correction_that_was_done_can_be_corrected(backend: &impl Backend) {
    let (world, change, payout) = corrected(backend).await;
    assert_eq!(correct(&world, "third@example.org").await, CorrectionVerdict::WaitsForUnit);
    give(&world, 1, change, issued(payout, 1)).await;
    assert_eq!(correct(&world, TYPED).await, CorrectionVerdict::Noted, "the first was right after all");
    take_back(&world).await;
    let GivenAnew::Queued(third) = give_due(&world).await else { panic!("it is owed anew") };
    assert!(third.id > payout.id);
    assert_eq!(record(&world).await.recipient.as_str(), TYPED);
    let given = corrections(&world).await;
    let of: Vec<_> = given.iter().map(|one| (one.payout, one.state)).collect();
    let first = world.record("1").await.payout.id;
    assert_eq!(
        of,
        [(first, CorrectionState::Given(payout.id)), (payout.id, CorrectionState::Given(third.id))]
    );
    let page = world.store.textcoins(Endpoint::Test, None, 9).await.expect("the store works");
    let listed: Vec<_> = page.iter().map(|one| (one.payout.id, one.recipient.to_string())).collect();
    assert_eq!(
        listed,
        [(first, TYPED.to_owned()), (payout.id, RIGHT.to_owned()), (third.id, TYPED.to_owned())]
    );
    assert_eq!(page[0].state(LATER), TextcoinState::TakenBack);
    let key = store::OrderId::new("1").expect("an id");
    let payouts = world.store.payouts_of_order(Endpoint::Test, &key).await.expect("the store works");
    assert_eq!(payouts, [third.id]);
    for payout in [first, payout.id, third.id] {
        let trail = world.store.trail(Endpoint::Test, payout).await.expect("the store works");
        assert_eq!(trail.expect("it is one of the purchase").record.payout.id, payout);
    }
    world.check_book().await;
}

pub(crate) async fn only_what_somebody_has_and_nobody_claimed_is_corrected(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.deposit("d", 5_000).await;
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::NoTextcoin, "there is no such order");
    world.owe("wallet", 1_000).await;
    let to_wallet = CorrectionOrder { key: world.key("wallet"), ..asked(&world, RIGHT, Asker::Operator) };
    assert_eq!(order(&world, to_wallet).await, CorrectionVerdict::NoTextcoin);
    let owed = owe(&world, "1", 0).await;
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::WaitsForUnit);
    let opened = slot(0, &[super::line::funding()], &[owed]);
    world.apply([Change::SlotOpened(opened.clone())]).await.expect("a good slot");
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::WaitsForUnit, "no hub has accepted it");
    world.apply([answered(opened.head().id, VersionStatus::Accepted)]).await.expect("accepted");
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Noted);
    let mut held = world.purchase("2", 1_000);
    held.terms.recipient = TYPED.parse().expect("a mailbox");
    held.hold = Some(HoldReason::Limit(Limit::RecipientDay));
    assert!(matches!(world.accept(held).await, Verdict::Held(_)));
    let second = CorrectionOrder { key: world.key("2"), ..asked(&world, RIGHT, Asker::Operator) };
    assert_eq!(order(&world, second.clone()).await, CorrectionVerdict::WaitsForUnit);
    world.store.reject(Endpoint::Test, &world.key("2"), LATER).await.expect("it is held");
    assert_eq!(order(&world, second).await, CorrectionVerdict::NeverPaid);
    world.check_book().await;
}

pub(crate) async fn what_nobody_claimed_in_time_can_still_be_corrected(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    take_back(&world).await;
    assert_eq!(record(&world).await.state(LATER), TextcoinState::TakenBack);
    assert_eq!(due(&world, LATER).await, []);
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Noted);
    let given = give_due(&world).await;
    assert!(matches!(given, GivenAnew::Queued(_)), "at once: {given:?}");
    world.check_book().await;
}

pub(crate) async fn what_fund_or_deposit_lack_is_waited_for(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    take_back(&world).await;
    // All of the fund but ten bytes is promised.
    let fund = u64::try_from(world.balance(Account::Fund).await).expect("above zero");
    world.owe("all", fund - 700 - 10).await;
    let lacking = GivenAnew::Waits(CorrectionWait::Fund(bytes(1_700 - 10)));
    assert_eq!(give_due(&world).await, lacking);
    assert_eq!(last_state(&world).await, CorrectionState::Waits(CorrectionWait::Fund(bytes(1_690))));
    assert_eq!(due(&world, LATER.plus(Duration::from_secs(4))).await, [], "it was tried a moment ago");
    assert_eq!(due(&world, at(1_000)).await.len(), 1, "the clock was set back");
    assert_eq!(super::keeping::counts(&world, 0).await.corrections, 1);
    let later = LATER.plus(Duration::from_secs(5));
    let [correction] = due(&world, later).await[..] else { panic!("it is tried again") };
    world.apply([credited(coin("more", 5_000))]).await.expect("a new coin");
    // The deposit is given away in between.
    let mut other = world.purchase("other", 1);
    let deposit = u64::try_from(world.balance(Account::Deposit(world.partner)).await).expect("above zero");
    other.shares.partner = bytes(deposit - 299);
    assert!(matches!(world.accept(other).await, Verdict::Accepted(_)));
    let lacking = GivenAnew::Waits(CorrectionWait::Deposit(bytes(1)));
    assert_eq!(try_to_give(&world, correction, None, later).await.expect("the store works"), lacking);
    world.deposit("d2", 1).await;
    let given = try_to_give(&world, correction, None, later).await.expect("the store works");
    assert!(matches!(given, GivenAnew::Queued(_)), "{given:?}");
    assert_eq!(super::keeping::counts(&world, 0).await.corrections, 0);
    world.check_book().await;
}

fn rules(settings: &[(&str, &str)]) -> Option<Arc<LimitRules>> {
    let mut rules = LimitRules::none();
    for (name, value) in settings {
        rules.set(&LimitSetting::read(name, value).expect("a setting"));
    }
    Some(Arc::new(rules))
}

pub(crate) async fn a_partner_corrects_nothing_beyond_the_limits_of_recipients(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let mut other = world.purchase("other", 500);
    other.terms.recipient = RIGHT.parse().expect("a mailbox");
    other.at = LATER;
    assert!(matches!(world.accept(other).await, Verdict::Accepted(_)));
    let limits = rules(&[("recipient_day", "1400"), ("purchase", "1"), ("fund_day", "1")]);
    let by = |by, to: &str| CorrectionOrder { limits: limits.clone(), ..asked(&world, to, by) };
    let stopped = order(&world, by(Asker::Partner, RIGHT)).await;
    let CorrectionVerdict::Stopped(stop) = stopped else { panic!("{stopped:?}") };
    assert_eq!(stop.limit, Limit::RecipientDay);
    assert!(corrections(&world).await.is_empty());
    let fits = order(&world, by(Asker::Partner, "c@example.org")).await;
    assert_eq!(fits, CorrectionVerdict::Noted, "only what recipients get is judged");
    take_back(&world).await;
    // Meanwhile that mailbox has got something else.
    let mut other = world.purchase("another", 500);
    other.terms.recipient = "c@example.org".parse().expect("a mailbox");
    other.at = LATER;
    assert!(matches!(world.accept(other).await, Verdict::Accepted(_)));
    let [correction] = due(&world, LATER).await[..] else { panic!("one is due") };
    let waits = CorrectionWait::Limit(Limit::RecipientDay);
    let given = try_to_give(&world, correction, limits.clone(), LATER).await.expect("the store works");
    assert_eq!(given, GivenAnew::Waits(waits));
    assert_eq!(last_state(&world).await, CorrectionState::Waits(waits));
    // An operator who repeats it means it.
    assert_eq!(order(&world, by(Asker::Operator, "c@example.org")).await, CorrectionVerdict::Noted);
    let [correction] = due(&world, LATER).await[..] else { panic!("one is due") };
    let given = try_to_give(&world, correction, limits, LATER).await.expect("the store works");
    assert!(matches!(given, GivenAnew::Queued(_)), "{given:?}");
    world.check_book().await;
}

pub(crate) async fn what_is_given_anew_passes_no_limit_of_partners_or_of_the_fund(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    take_back(&world).await;
    let [correction] = due(&world, LATER).await[..] else { panic!("one is due") };
    let fund = u64::try_from(world.balance(Account::Fund).await).expect("above zero");
    let reserve = (fund - BASE - RESERVE + 1).to_string();
    for (limit, name, cap) in [
        (Limit::PartnerDay, "partner_day", "999"),
        (Limit::PartnerTotal, "partner_total", "999"),
        (Limit::CustomerDay, "customer_day", "999"),
        (Limit::FundDay, "fund_day", "999"),
        (Limit::FundReserve, "fund_reserve", &reserve),
    ] {
        let given =
            try_to_give(&world, correction, rules(&[(name, cap)]), LATER).await.expect("the store works");
        assert_eq!(given, GivenAnew::Waits(CorrectionWait::Limit(limit)));
        assert_eq!(last_state(&world).await, CorrectionState::Waits(CorrectionWait::Limit(limit)));
    }
    let reserve = (fund - BASE - RESERVE).to_string();
    let fits = rules(&[
        ("purchase", "1"),
        ("partner_day", "1000"),
        ("partner_total", "1000"),
        ("customer_day", "1000"),
        ("fund_day", "1000"),
        ("fund_reserve", &reserve),
    ]);
    let given = try_to_give(&world, correction, fits, LATER).await.expect("the store works");
    assert!(matches!(given, GivenAnew::Queued(_)), "what came back counts no more: {given:?}");
    world.check_book().await;
}

pub(crate) async fn a_mailbox_by_another_name_of_it_has_the_same_limit(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let limits = rules(&[("recipient_day", "1000")]);
    let same = CorrectionOrder { limits: limits.clone(), ..asked(&world, "a+c@example.org", Asker::Partner) };
    assert_eq!(order(&world, same.clone()).await, CorrectionVerdict::Noted, "it has it already");
    take_back(&world).await;
    let mut other = world.purchase("other", 1);
    other.terms.recipient = "a@example.org".parse().expect("a mailbox");
    other.at = LATER;
    assert!(matches!(world.accept(other).await, Verdict::Accepted(_)));
    let [correction] = due(&world, LATER).await[..] else { panic!("one is due") };
    let given = try_to_give(&world, correction, limits, LATER).await.expect("the store works");
    assert_eq!(given, GivenAnew::Waits(CorrectionWait::Limit(Limit::RecipientDay)));
    let another = CorrectionOrder { mailbox: mailbox("a+d@example.org"), ..same };
    let stopped = order(&world, another).await;
    assert!(
        matches!(stopped, CorrectionVerdict::Stopped(stop) if stop.limit == Limit::RecipientDay),
        "{stopped:?}"
    );
}

pub(crate) async fn what_is_given_anew_counts_for_its_new_recipient(backend: &impl Backend) {
    let (world, ..) = corrected(backend).await;
    let ever = async |scope| {
        let day = Day::of_millis(LATER.as_millis());
        world.store.totals(Endpoint::Test, &scope, day).await.expect("the store works").ever.get()
    };
    let to = |text: &str| Scope::Recipient(text.parse::<Recipient>().expect("a mailbox"));
    assert_eq!([ever(to(TYPED)).await, ever(to(RIGHT)).await, ever(Scope::Fund).await], [0, BASE, BASE]);
}

fn returned(world: &World) -> RefundOrder {
    let share = "100".parse().expect("a percentage");
    RefundOrder { key: world.key("1"), currency: None, returned: None, share, at: LATER }
}

async fn refund(world: &World) -> RefundVerdict {
    world.store.refund(Endpoint::Test, returned(world)).await.expect("the store works")
}

pub(crate) async fn a_purchase_that_is_returned_is_not_given_anew(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    assert!(matches!(refund(&world).await, RefundVerdict::Booked(_)));
    assert_eq!(last_state(&world).await, CorrectionState::Returned);
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Returned);
    take_back(&world).await;
    assert_eq!(due(&world, LATER).await, []);
    assert_eq!(refund(&world).await, RefundVerdict::NeverPaid, "it came back, and nothing is charged");
    // Its partner may have it given all the same; it is charged for what is given then.
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Noted);
    let deposit = world.balance(Account::Deposit(world.partner)).await;
    let GivenAnew::Queued(_) = give_due(&world).await else { panic!("it is owed anew") };
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, deposit - 300 - 1_000);
    assert!(matches!(refund(&world).await, RefundVerdict::Replay(_)));
    world.check_book().await;
}

pub(crate) async fn a_return_that_comes_while_nothing_is_out_ends_the_correction(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    take_back(&world).await;
    let too_much = RefundOrder { returned: "12.51".parse().ok(), ..returned(&world) };
    let verdict = world.store.refund(Endpoint::Test, too_much).await.expect("the store works");
    assert_eq!(verdict, RefundVerdict::MoreThanPaid);
    assert!(last_state(&world).await.is_waiting(), "what cannot be changes nothing");
    assert_eq!(refund(&world).await, RefundVerdict::NeverPaid);
    assert_eq!(last_state(&world).await, CorrectionState::Returned);
    assert_eq!(due(&world, LATER).await, []);
    world.check_book().await;
}

pub(crate) async fn a_return_after_the_correction_concerns_what_was_given_anew(backend: &impl Backend) {
    let (world, change, payout) = corrected(backend).await;
    let deposit = world.balance(Account::Deposit(world.partner)).await;
    assert!(matches!(refund(&world).await, RefundVerdict::Booked(_)));
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, deposit - 1_000);
    assert!(world.store.refunded(Endpoint::Test, &world.key("1")).await.expect("works").is_some());
    give(&world, 1, change, issued(payout, 1)).await;
    assert_eq!(correct(&world, "c@example.org").await, CorrectionVerdict::Returned);
    take_back(&world).await;
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, deposit + 300, "it came back, too");
    assert_eq!(world.store.refunded(Endpoint::Test, &world.key("1")).await.expect("works"), None);
    world.check_book().await;
}

/// A unit that no journal holds, which gives as much as a textcoin.
fn lost(amount: u64) -> [Change; 2] {
    let paid = Output { address: Address::of_source("an unknown textcoin"), amount: bytes(amount) };
    [Change::RestoreBegun { cause: RestoreCause::Declared, at: LATER }, foreign_unit("lost", &[paid], LATER)]
}

async fn held(world: &World) -> Vec<PayoutId> {
    let held = world.store.held(Endpoint::Test).await.expect("the store works");
    held.iter().map(|record| record.payout.id).collect()
}

pub(crate) async fn what_a_lost_unit_may_have_given_is_held(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    take_back(&world).await;
    world.apply(lost(BASE + SHARE + 90)).await.expect("a foreign unit");
    world.apply([Change::Restored { at: LATER }]).await.expect("restored");
    let given = give_due(&world).await;
    let GivenAnew::Held(payout) = given else { panic!("{given:?}") };
    assert_eq!((held(&world).await, world.snapshot().await.queue), (vec![payout.id], Vec::new()));
    let wishes = world.store.wishes(&world.lock).await.expect("the store works");
    assert_eq!(wishes.released, []);
    let reviewed =
        world.store.release(Endpoint::Test, &world.key("1"), LATER).await.expect("the store works");
    let Reviewed::Done(record) = reviewed else { panic!("{reviewed:?}") };
    assert_eq!((record.payout.id, record.state), (payout.id, PayoutState::Queued));
    let wishes = world.store.wishes(&world.lock).await.expect("the store works");
    assert_eq!(wishes.released, [payout]);
    world.check_book().await;
}

pub(crate) async fn what_was_owed_anew_when_a_database_was_lost_is_held(backend: &impl Backend) {
    let (world, _, payout) = corrected(backend).await;
    world.apply(lost(BASE + SHARE + 90)).await.expect("a foreign unit");
    world.apply([Change::Restored { at: LATER }]).await.expect("restored");
    assert_eq!(held(&world).await, [payout.id]);
    let reviewed = world.store.reject(Endpoint::Test, &world.key("1"), LATER).await.expect("the store works");
    assert!(matches!(reviewed, Reviewed::Done(_)), "{reviewed:?}");
    assert_eq!(correct(&world, "c@example.org").await, CorrectionVerdict::NeverPaid);
    world.check_book().await;
}

pub(crate) async fn a_payout_that_is_rejected_is_not_given_anew(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.deposit("d", 5_000).await;
    let payout = owe(&world, "1", 0).await;
    // A hub has accepted it, and the unit that becomes good leaves it out.
    let other = world.owe("other", 500).await;
    let first = slot(0, &[funding()], &[other, payout]);
    let second = version(id(0, 1), &[funding()], &[other]);
    let whole = Slot { versions: vec![first.head().clone(), second.clone()], ..first.clone() };
    let accepted = answered(first.head().id, VersionStatus::Accepted);
    let changes = [Change::SlotOpened(first), accepted, added(&second, &[]), settled(&whole, &second)];
    world.apply(changes).await.expect("it is left out");
    assert_eq!(correct(&world, RIGHT).await, CorrectionVerdict::Noted);
    world.apply(lost(payout.output().expect("it has a number").amount.get())).await.expect("a foreign unit");
    world.apply([Change::Restored { at: LATER }]).await.expect("restored");
    assert_eq!(held(&world).await, [payout.id]);
    world.store.reject(Endpoint::Test, &world.key("1"), LATER).await.expect("the store works");
    assert_eq!(last_state(&world).await, CorrectionState::Rejected);
    let counts = world.store.textcoin_counts(Endpoint::Test, LATER).await.expect("the store works");
    assert_eq!(counts.corrections, 0, "nothing waits");
}

pub(crate) async fn what_is_being_corrected_gets_no_other_mail(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    let again = ResendOrder { key: world.key("1"), by: Asker::Operator, per_day: 9, at: at(9) };
    let verdict = world.store.resend_mail(Endpoint::Test, again).await.expect("the store works");
    assert_eq!(verdict, ResendVerdict::BeingCorrected);
    let taken = world.store.take_mails(Endpoint::Test, at(9), Duration::from_secs(9), 9).await;
    assert_eq!(taken.expect("the store works"), [], "not even the first");
}

pub(crate) async fn who_lost_the_right_to_pay_gives_nothing_anew(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    correct(&world, RIGHT).await;
    take_back(&world).await;
    let [correction] = due(&world, LATER).await[..] else { panic!("one is due") };
    backend.lose_lock(Endpoint::Test);
    let other = world.store.lock_payer(Endpoint::Test).await.expect("it is free");
    let refused = try_to_give(&world, correction, None, LATER).await;
    assert!(matches!(refused, Err(StoreError::Superseded(_))), "{refused:?}");
    world.store.give_anew(&other, giving(correction, None, LATER)).await.expect("it has the right");
}
