//! What cases do: send a sale as some client, and say what must come back.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use obyte::Address;

use crate::client::{Client, Request};
use crate::reply::{Answer, DUE, Paid, Reply};
use crate::sale::Sale;
use crate::stop::{Judged, Stop, expect, fail, skip};
use crate::target::{Credentials, Endpoint, Options};
use crate::wire::Connection;

/// How long a purchase may stay pending.
const PENDING: Duration = Duration::from_secs(60);
/// Between two questions for a pending purchase.
const PAUSE: Duration = Duration::from_millis(300);

/// One server under judgement.
pub(crate) struct Probe<'a> {
    pub(crate) options: &'a Options,
    pub(crate) path: String,
    orders: AtomicUsize,
    slowest: Mutex<(Duration, usize)>,
}

impl<'a> Probe<'a> {
    pub(crate) fn new(options: &'a Options) -> Self {
        let path = options.target.path(options.endpoint);
        Self { options, path, orders: AtomicUsize::new(0), slowest: Mutex::new((Duration::ZERO, 0)) }
    }

    /// Makes sure that there is a server, and that it knows the partner.
    pub(crate) fn introduce(&self) -> Judged<()> {
        let nobody = self.sale().with("partner", "nobody-by-this-name");
        let sent = |sale: &Sale| self.exchange(&Client::wordpress(), &self.path, sale);
        let (unknown, known) = (sent(&nobody)?, sent(&self.sale().without("address"))?);
        if unknown.body == known.body && unknown.status == known.status {
            return fail(format!(
                "the server does not know the partner {:?}, or its key is another; it answers {}",
                self.options.partner.name,
                known.text().chars().take(200).collect::<String>()
            ));
        }
        Ok(())
    }

    /// A text without the keys in use.
    pub(crate) fn without_keys(&self, text: &str) -> String {
        [&self.options.partner, &self.options.processor]
            .into_iter()
            .filter(|credentials| credentials.key != credentials.name && !credentials.key.is_empty())
            .fold(text.to_owned(), |text, credentials| text.replace(&credentials.key, "***"))
    }

    /// An order id that no other purchase has.
    pub(crate) fn order(&self) -> String {
        let number = self.orders.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number}", self.options.run_id)
    }

    fn address(&self, number: usize) -> String {
        let addresses = &self.options.addresses;
        if addresses.is_empty() {
            return Address::of_source(&format!("{} {number}", self.options.run_id)).to_string();
        }
        addresses[number % addresses.len()].clone()
    }

    /// A valid sale of the partner, all fields in the order of the documentation.
    pub(crate) fn sale(&self) -> Sale {
        self.sale_of(&self.options.partner)
    }

    /// A valid sale of the processor.
    pub(crate) fn processed(&self) -> Sale {
        self.sale_of(&self.options.processor)
    }

    fn sale_of(&self, credentials: &Credentials) -> Sale {
        let order = self.order();
        let address = self.address(self.orders.load(Ordering::Relaxed));
        Sale::new()
            .with("partner", &credentials.name)
            .with("partner_key", &credentials.key)
            .with("customer", "17")
            .with("order_id", order)
            .with("description", "woocommerce sale")
            .with("merchant", &credentials.name)
            .with("address", address)
            .with("currency", "USD")
            .with("currency_amount", "1.00")
            .with("partner_cashback_percentage", "0")
            .with("purchase_unit", "")
    }

    pub(crate) fn connect(&self) -> Judged<Connection> {
        Connection::open(&self.options.target)
    }

    /// The bytes with which a client reports a sale.
    pub(crate) fn request(&self, client: &Client, sale: &Sale) -> Request {
        client.request(&self.options.target, &self.path, sale)
    }

    /// Sends bytes on a connection of their own and takes the answer.
    pub(crate) fn exchange_bytes(&self, bytes: &[u8]) -> Judged<Reply> {
        let mut connection = self.connect()?;
        connection.write(bytes)?;
        let reply = connection.reply()?;
        self.note(reply.took);
        Ok(reply)
    }

    fn exchange(&self, client: &Client, path: &str, sale: &Sale) -> Judged<Reply> {
        self.exchange_bytes(&client.request(&self.options.target, path, sale).bytes)
    }

    fn note(&self, took: Duration) {
        let mut slowest = self.slowest.lock().expect("nobody panics holding it");
        *slowest = (slowest.0.max(took), slowest.1 + 1);
    }

    /// The slowest of the answers so far, and how many there were.
    pub(crate) fn slowest(&self) -> (Duration, usize) {
        *self.slowest.lock().expect("nobody panics holding it")
    }

    /// The answer to a sale, good in form.
    pub(crate) fn answer(&self, client: &Client, sale: &Sale) -> Judged<Answer> {
        self.exchange(client, &self.path, sale)?.judge()
    }

    /// The answer to a sale at another path.
    pub(crate) fn answer_at(&self, path: &str, client: &Client, sale: &Sale) -> Judged<Answer> {
        self.exchange(client, path, sale)?.judge()
    }

    /// The answer once it is no longer pending.
    fn settled(&self, client: &Client, sale: &Sale) -> Judged<(Answer, bool)> {
        let deadline = Instant::now() + PENDING;
        let mut waited = false;
        loop {
            match self.answer(client, sale)? {
                Answer::Error { pending: true, .. } if Instant::now() < deadline => sleep(PAUSE),
                answer => return Ok((answer, waited)),
            }
            waited = true;
        }
    }

    /// A sale that must be paid, for the first time.
    pub(crate) fn paid(&self, client: &Client, sale: &Sale) -> Judged<Paid> {
        match self.settled(client, sale)? {
            (Answer::Paid(paid), waited) if waited || !paid.replayed => Ok(paid),
            (Answer::Paid(_), _) => fail(
                "expected a first payment, came a replay: another order id, or an earlier run with this --run-id",
            ),
            (Answer::Error { text, .. }, _) => fail(format!("expected ok, came the error: {text}")),
        }
    }

    /// The same purchase again, perhaps in other words: it must be answered as before.
    pub(crate) fn replays(&self, client: &Client, sale: &Sale, first: &Paid) -> Judged<()> {
        match self.settled(client, sale)?.0 {
            Answer::Paid(again) => is_same(&again, first),
            Answer::Error { text, .. } => fail(format!("expected the first answer again, came: {text}")),
        }
    }

    /// A sale that must be refused; gives the error.
    pub(crate) fn refused(&self, client: &Client, sale: &Sale) -> Judged<String> {
        match self.answer(client, sale)? {
            Answer::Error { text, pending: false } => Ok(text),
            Answer::Error { text, .. } => fail(format!("expected a refusal, it was accepted: {text}")),
            Answer::Paid(paid) => fail(format!("expected a refusal, {} bytes were paid", paid.amount)),
        }
    }

    /// A sale that must be refused with an error that holds certain words.
    pub(crate) fn refused_saying(&self, words: &[&str], client: &Client, sale: &Sale) -> Judged<()> {
        let text = self.refused(client, sale)?;
        let missing =
            words.iter().find(|word| !text.to_ascii_lowercase().contains(&word.to_ascii_lowercase()));
        missing.map_or(Ok(()), |word| expect(false, &format!("an error that says {word:?}"), &text))
    }

    /// Two sales under one order id that mean the same: the second must be a replay of the first, or
    /// refused in the same words.
    pub(crate) fn alike(
        &self,
        (one, first): (&Client, &Sale),
        (two, second): (&Client, &Sale),
    ) -> Judged<()> {
        match self.settled(one, first)?.0 {
            Answer::Paid(paid) => self.replays(two, second, &paid),
            Answer::Error { text, .. } => {
                let again = self.refused(two, second)?;
                expect(again == text, &format!("the same answer as in other words, {text:?}"), again)
            }
        }
    }

    /// What the server says to whom it does not know.
    pub(crate) fn unauthenticated(&self) -> Judged<String> {
        self.refused(&Client::wordpress(), &self.sale().with("partner_key", "wrong-key"))
    }

    /// Skips where the processor is not known.
    pub(crate) fn needs_processor(&self) -> Judged<()> {
        let answer = self.answer(&Client::wordpress(), &self.processed().without("address"))?;
        match answer {
            Answer::Error { text, .. } if text == self.unauthenticated()? => {
                skip("the server does not know the processor: name one with --processor")
            }
            _ => Ok(()),
        }
    }

    /// A mailbox that may be paid.
    pub(crate) fn mailbox(&self) -> Judged<&str> {
        match (&self.options.email, self.options.endpoint) {
            (Some(email), _) => Ok(email),
            (None, Endpoint::Test) => Ok("conformance@example.org"),
            (None, Endpoint::Live) => skip("the live endpoint may pay it: name a mailbox with --email"),
        }
    }
}

/// The rule of repeating: the same amount and unit, marked.
pub(crate) fn is_same(again: &Paid, first: &Paid) -> Judged<()> {
    expect(again.replayed, "replayed:true", "ok without it")?;
    expect(again.amount == first.amount, &format!("the amount {} again", first.amount), again.amount)?;
    let same = again.unit == first.unit || again.replaced;
    expect(same, &format!("the unit {} again", first.unit), &again.unit)
}

/// Does something for each of a table, and says where it went wrong.
pub(crate) fn each<T: Copy + std::fmt::Debug>(table: &[T], judge: impl Fn(T) -> Judged<()>) -> Judged<()> {
    table.iter().try_for_each(|entry| {
        judge(*entry).map_err(|stop: Stop| {
            let shown: String = format!("{entry:?}").chars().take(60).collect();
            stop.at(&shown)
        })
    })
}

/// Whether an answer came in time, for what is not judged otherwise.
pub(crate) fn in_time(took: Duration) -> bool {
    took < DUE
}
