//! The keys of a new network, and its first unit.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use obyte::keys::{PaymentKey, PaymentPath};
use obyte::mnemonic::Mnemonic;
use obyte::unit::{Format, hashes};
use obyte::{Address, Bytes, Network, Output, Unit, size};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::error::DevnetError;

/// All bytes that there are.
const TOTAL: Bytes = Bytes::literal(1_000_000_000_000_000);
/// What the order provider gets to post with for ever: its busiest day costs a tenth of a GBYTE.
const ORDER_PROVIDER_SHARE: Bytes = Bytes::literal(10_000 * 1_000_000_000);

/// The keys that a network is created with.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) order_provider: PaymentKey,
    pub(crate) faucet: PaymentKey,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    order_provider: String,
    faucet: String,
}

impl Keys {
    /// Reads the keys of the network in the directory, or makes new ones there.
    pub(crate) fn open(dir: &Path) -> Result<Self, DevnetError> {
        let path = dir.join("keys.json");
        let failed = |source| DevnetError::Io { path: path.clone(), source };
        let stored = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|error| DevnetError::Damaged { path: path.clone(), what: error.to_string() })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let stored = Stored { order_provider: generate(), faucet: generate() };
                write(dir, &path, &json!(stored).to_string()).map_err(failed)?;
                stored
            }
            Err(error) => return Err(failed(error)),
        };
        let key = |phrase: &str| match phrase.parse::<Mnemonic>() {
            Ok(mnemonic) => Ok(PaymentKey::derive(&mnemonic.to_seed(""), PaymentPath::FIRST)),
            Err(error) => Err(DevnetError::Damaged { path: path.clone(), what: error.to_string() }),
        };
        Ok(Self { order_provider: key(&stored.order_provider)?, faucet: key(&stored.faucet)? })
    }
}

fn generate() -> String {
    loop {
        let mut entropy = [0; 16];
        getrandom::fill(&mut entropy).expect("the system has randomness");
        if let Ok(mnemonic) = Mnemonic::from_entropy(&entropy) {
            return mnemonic.phrase().to_owned();
        }
    }
}

/// Writes a file so that it is there whole or not at all, for nobody else to read.
fn write(dir: &Path, path: &Path, text: &str) -> io::Result<()> {
    use io::Write;

    let new = dir.join("keys.new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    fs::File::open(dir)?.sync_all()
}

/// The first unit: it issues all bytes, pays the allocations and leaves the rest to the faucet.
pub(crate) fn genesis(
    keys: &Keys,
    allocations: &[(Address, Bytes)],
    timestamp: u64,
) -> Result<Unit, DevnetError> {
    let own = Output { address: keys.order_provider.address(), amount: ORDER_PROVIDER_SHARE };
    let mut outputs: Vec<_> =
        allocations.iter().map(|&(address, amount)| Output { address, amount }).chain([own]).collect();
    if outputs.iter().any(|output| output.amount.is_zero()) {
        return Err(DevnetError::Allocations);
    }
    // Sizes do not depend on amounts, so the faucet's share can be told from a unit with any.
    let any = Output { address: keys.faucet.address(), amount: Bytes::literal(1) };
    let sized = unsigned(keys, outputs.iter().chain([&any]).copied(), timestamp);
    let spent = outputs.iter().map(|output| output.amount);
    let commissions = [size::headers_size(&sized), size::payload_size(&sized)].map(Bytes::literal);
    let spent = Bytes::checked_sum(spent.chain(commissions));
    let rest = spent.and_then(|spent| TOTAL.checked_sub(spent)).filter(|rest| !rest.is_zero());
    let amount = rest.ok_or(DevnetError::Allocations)?;
    outputs.push(Output { address: keys.faucet.address(), amount });
    Ok(sign(keys, unsigned(keys, outputs.into_iter(), timestamp)))
}

fn unsigned(keys: &Keys, outputs: impl Iterator<Item = Output>, timestamp: u64) -> Map<String, Value> {
    let mut outputs: Vec<_> = outputs.collect();
    outputs.sort_unstable();
    let payload = json!({
        "inputs": [{"type": "issue", "serial_number": 1, "amount": TOTAL}],
        "outputs": outputs,
    });
    let hash = hashes::payload_hash(Format::V4, "payment", &payload).expect("no part is empty");
    let message = json!({
        "app": "payment", "payload_location": "inline", "payload_hash": hash, "payload": payload,
    });
    let author = json!({
        "address": keys.order_provider.address(),
        "authentifiers": {"r": "-".repeat(88)},
        "definition": keys.order_provider.definition(),
    });
    let fields = [
        ("version", json!(Network::Devnet.version())),
        ("alt", json!(Network::Devnet.alt())),
        ("messages", json!([message])),
        ("authors", json!([author])),
        ("timestamp", json!(timestamp)),
    ];
    fields.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

fn sign(keys: &Keys, mut unit: Map<String, Value>) -> Unit {
    unit.insert("headers_commission".into(), json!(size::headers_size(&unit)));
    unit.insert("payload_commission".into(), json!(size::payload_size(&unit)));
    let hash = hashes::hash_to_sign(&unit).expect("no part is empty");
    let signature = keys.order_provider.secret_key().sign(&hash);
    unit["authors"][0]["authentifiers"] = json!({"r": signature});
    let hash = hashes::unit_hash(&unit).expect("no part is empty");
    unit.insert("unit".into(), json!(hash));
    Unit::from_json(Value::Object(unit)).expect("the unit has every field that units have")
}

#[cfg(test)]
mod tests {
    use super::*;
    use obyte::validate::{Origin, Rules, integrity};

    #[test]
    fn a_genesis_unit_is_valid_and_pays_out_everything() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let keys = Keys::open(dir.path()).expect("keys");
        let allocated = (keys.faucet.address(), Bytes::literal(300_000 * 1_000_000_000));
        let unit = genesis(&keys, &[allocated, allocated], 1_795_400_000).expect("enough");
        let rules = Rules { network: Network::Devnet, genesis: Some(unit.hash()), now: None };
        let joint = json!({"unit": unit.to_json()});
        integrity(&joint, &rules, Origin::Posted).expect("a valid unit");
        let outputs: Bytes = unit.outputs().map(|(_, output)| output.amount).sum();
        let commissions = [unit.headers_commission(), unit.payload_commission()];
        assert_eq!(Bytes::checked_sum(commissions.into_iter().chain([outputs])), Some(TOTAL));
        let again = Keys::open(dir.path()).expect("keys");
        assert_eq!(again.order_provider.address(), keys.order_provider.address());
    }

    #[test]
    fn allocations_of_more_than_there_is_are_refused() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let keys = Keys::open(dir.path()).expect("keys");
        for amount in [TOTAL, Bytes::MAX, Bytes::ZERO] {
            let allocation = (keys.faucet.address(), amount);
            assert!(matches!(genesis(&keys, &[allocation], 1), Err(DevnetError::Allocations)));
        }
    }
}
