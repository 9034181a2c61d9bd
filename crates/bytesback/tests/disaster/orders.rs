//! The books of the tills: what was offered, what was answered, and what must follow from that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use bytesback_client::{ClientError, PurchaseAnswer, PurchaseRequest};
use obyte::{Address, UnitHash};

use crate::common::purchase;

/// What a dollar is worth, at the fixed rate.
const BYTES_OF_A_DOLLAR: u64 = 50_000_000;

/// What a request says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) dollars: u64,
    /// What the partner gives, up to the 10 points that are matched.
    pub(crate) percent: u64,
    pub(crate) to: Address,
    /// Whether the server can never take it.
    pub(crate) hopeless: bool,
}

impl Offer {
    pub(crate) fn request(&self, order: &str) -> PurchaseRequest {
        PurchaseRequest {
            partner_cashback_percentage: self.percent.to_string(),
            ..purchase(order, self.to, &self.dollars.to_string())
        }
    }

    /// Base share, partner's share and match.
    pub(crate) const fn cashback(&self) -> u64 {
        self.dollars * BYTES_OF_A_DOLLAR / 100 * (10 + 2 * self.percent)
    }
}

/// Everything about one order id.
#[derive(Debug, Default)]
pub(crate) struct Order {
    /// Every different request that was ever sent.
    pub(crate) offers: Vec<Offer>,
    /// Which one is owed or paid, as soon as an answer has shown it.
    pub(crate) taken: Option<usize>,
    /// Those that were refused because another one was taken.
    pub(crate) late: BTreeSet<usize>,
    /// The unit that was answered last.
    pub(crate) unit: Option<UnitHash>,
}

/// The orders of all tills.
#[derive(Clone, Default)]
pub(crate) struct Orders(Arc<Mutex<BTreeMap<String, Order>>>);

impl Orders {
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Order>> {
        self.0.lock().expect("no till has failed")
    }

    /// Notes that an offer is about to be made; tells its number.
    pub(crate) fn offer(&self, order: &str, offer: Offer) -> usize {
        let mut orders = self.lock();
        let offers = &mut orders.entry(order.to_owned()).or_default().offers;
        offers.iter().position(|known| *known == offer).unwrap_or_else(|| {
            offers.push(offer);
            offers.len() - 1
        })
    }

    /// Notes an answer; fails where it breaks a promise. Tells whether the order is paid.
    pub(crate) fn answered(
        &self,
        order: &str,
        number: usize,
        answer: Result<PurchaseAnswer, ClientError>,
    ) -> bool {
        let mut orders = self.lock();
        let known = orders.get_mut(order).expect("it was offered");
        match answer {
            Ok(PurchaseAnswer::Ok { cashback_amount, unit, replaced, .. }) => {
                known.take(order, number);
                assert_eq!(cashback_amount.get(), known.offers[number].cashback(), "order {order}");
                let before = known.unit.replace(unit);
                let is_same = before.is_none_or(|before| before == unit);
                assert!(is_same || replaced, "order {order} has another unit, and nothing was replaced");
                true
            }
            Ok(PurchaseAnswer::Pending { .. }) => {
                known.take(order, number);
                false
            }
            Ok(PurchaseAnswer::Error { text }) => {
                known.refused(order, number, &text);
                false
            }
            Ok(PurchaseAnswer::Held { text }) => panic!("order {order}: nothing is held here: {text}"),
            // It was killed, or is not there yet. Nobody knows what became of the request.
            Err(ClientError::Transport(_)) => false,
            Err(error) => panic!("order {order}: {error}"),
        }
    }
}

impl Order {
    fn take(&mut self, order: &str, number: usize) {
        assert!(!self.offers[number].hopeless, "order {order} could not be taken: {:?}", self.offers[number]);
        assert!(self.taken.is_none_or(|taken| taken == number), "order {order} is taken twice");
        assert!(!self.late.contains(&number), "order {order} is taken after it was refused for ever");
        self.taken = Some(number);
    }

    fn refused(&mut self, order: &str, number: usize, text: &str) {
        if text.contains("used before") {
            assert_ne!(self.taken, Some(number), "order {order} was taken, and is refused: {text}");
            self.late.insert(number);
        } else if !text.contains("repeat") {
            assert!(self.offers[number].hopeless, "order {order} is refused: {text}");
        }
    }

    /// The offer that will be paid, as far as a till can know.
    pub(crate) fn to_repeat(&self) -> Option<usize> {
        let open = |number: &usize| !self.offers[*number].hopeless && !self.late.contains(number);
        self.taken.or_else(|| (0..self.offers.len()).find(open))
    }
}
