//! What was said on the recorded network, for this one.

use obyte::compose::{self, Coin, Payer, Spend};
use obyte::{Address, CoinId, Output, Unit};
use serde_json::{Value, json};

use super::replay::{Replay, Result};

impl Replay {
    /// The value with the names of this network.
    pub(super) fn translated(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let translated = fields.iter().map(|(name, value)| match (name.as_str(), value.as_u64()) {
                    ("min_mci", Some(mci)) => (name.clone(), json!(self.indexes[&mci])),
                    ("witnesses", _) => (name.clone(), json!([self.scene.devnet.order_provider()])),
                    _ => (name.clone(), self.translated(value)),
                });
                Value::Object(translated.collect())
            }
            Value::Array(elements) => elements.iter().map(|element| self.translated(element)).collect(),
            Value::String(text) => json!(self.names.get(text).unwrap_or(text)),
            other => other.clone(),
        }
    }

    /// The recorded unit as its author would have made it here.
    pub(super) fn unit(&mut self, recorded: &Value) -> Result<Unit> {
        let author = &recorded["authors"][0];
        let from: Address =
            author["address"].as_str().and_then(|from| from.parse().ok()).ok_or("no author")?;
        let outputs: Vec<Output> =
            serde_json::from_value(recorded["messages"][0]["payload"]["outputs"].clone())
                .map_err(|error| error.to_string())?;
        let (change, paid): (Vec<_>, Vec<_>) = outputs.into_iter().partition(|output| output.address == from);
        let wallet = self.wallets.get_mut(&from).ok_or("an unknown author")?;
        let parents = self.parents.clone().ok_or("no parents were asked for")?;
        let payers = [Payer::new(wallet.key.public_key(), author.get("definition").is_some())];
        let coins = [wallet.coin.ok_or("no coin")?];
        let mut payment = wallet.payment(&parents, &payers, &coins, &paid);
        if change.is_empty() {
            payment.outputs = &[];
            payment.spend = Spend::All { to: paid[0].address };
        }
        let unsigned = compose::compose(&payment).map_err(|error| error.to_string())?;
        let signed = unsigned.sign(&[wallet.key.secret_key().clone()]).map_err(|error| error.to_string())?;
        let (message_index, rest) = (unsigned.layout.message_index, unsigned.layout.change);
        let id = CoinId { unit: signed.hash, message_index, output_index: rest.output_index };
        wallet.coin = Some(Coin { id, amount: rest.output.amount, address: rest.output.address });
        self.learn(&recorded["unit"], &signed.hash);
        self.posted.push(signed.hash);
        Ok(signed.unit)
    }
}
