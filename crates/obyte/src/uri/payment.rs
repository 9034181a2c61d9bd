//! Payment URIs: `obyte:ADDRESS?amount=BYTES&asset=base`.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;

use super::{Recipient, UriError, percent};
use crate::address::{Address, DeviceAddress};
use crate::amount::Bytes;
use crate::base64;
use crate::hash::UnitHash;

/// A request to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Whom.
    pub recipient: Recipient,
    /// How much of the first asset, in its smallest unit.
    pub amount: Option<Bytes>,
    /// Of which asset. Always there beside an amount.
    pub asset: Option<Asset>,
    /// What is to be paid beside it, each asset once. Only where there is an amount.
    pub more: Vec<(Asset, Bytes)>,
    /// The device to tell about the payment.
    pub device_address: Option<DeviceAddress>,
    /// Data to be posted together with the payment.
    pub data: Option<Vec<u8>>,
    /// The address to pay from.
    pub from_address: Option<Address>,
    /// Whether to pay from a single-address wallet.
    pub single_address: bool,
}

/// What amounts are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asset {
    /// Bytes.
    Base,
    /// The asset that a unit defined.
    Other(UnitHash),
}

impl fmt::Display for Asset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base => f.pad("base"),
            Self::Other(unit) => unit.fmt(f),
        }
    }
}

impl FromStr for Asset {
    type Err = UriError;

    fn from_str(text: &str) -> Result<Self, UriError> {
        if text == "base" {
            Ok(Self::Base)
        } else {
            text.parse().map(Self::Other).map_err(|_| UriError::Asset)
        }
    }
}

impl Payment {
    /// A request that names only the recipient.
    pub fn to(recipient: Recipient) -> Self {
        Self {
            recipient,
            amount: None,
            asset: None,
            more: Vec::new(),
            device_address: None,
            data: None,
            from_address: None,
            single_address: false,
        }
    }

    /// A request for bytes to an address.
    pub fn of_bytes(address: Address, amount: Bytes) -> Self {
        let payment = Self::to(Recipient::Address(address));
        Self { amount: Some(amount), asset: Some(Asset::Base), ..payment }
    }

    pub(super) fn parse(recipient: &str, query: &str) -> Result<Self, UriError> {
        let mut payment = Self::to(Recipient::parse(recipient)?);
        let parameters = percent::parameters(query)?;
        let filled = |name: &str| parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());

        payment.amount = parameters.get("amount").map(|amount| parse_amount(amount)).transpose()?;
        payment.asset = parameters.get("asset").map(|asset| asset.parse()).transpose()?;
        if payment.amount.is_some() {
            let asset = *payment.asset.get_or_insert(Asset::Base);
            payment.more = parse_more(asset, &parameters)?;
        }
        payment.device_address =
            filled("device_address").map(|a| a.parse().map_err(|_| UriError::DeviceAddress)).transpose()?;
        payment.data =
            filled("base64data").map(|data| base64::decode(data).ok_or(UriError::Base64Data)).transpose()?;
        payment.from_address =
            filled("from_address").map(|a| a.parse().map_err(|_| UriError::FromAddress)).transpose()?;
        if let Some(single) = filled("single_address") {
            payment.single_address = true;
            // Older wallets wrote the address to pay from here.
            let address = single.strip_prefix("single").unwrap_or(single).parse().ok();
            payment.from_address = address.or(payment.from_address);
        }
        Ok(payment)
    }

    pub(super) fn print(&self) -> String {
        let mut parameters = Vec::new();
        let mut push = |name: &str, value: String| {
            parameters.push(format!("{name}={}", percent::encode(&value)));
        };
        if let Some(amount) = self.amount {
            push("amount", amount.to_string());
        }
        if let Some(asset) = self.asset {
            push("asset", asset.to_string());
        }
        for (number, (asset, amount)) in (2..).zip(&self.more) {
            push(&format!("amount{number}"), amount.to_string());
            push(&format!("asset{number}"), asset.to_string());
        }
        if let Some(address) = self.device_address {
            push("device_address", address.to_string());
        }
        if let Some(data) = self.data.as_ref().filter(|data| !data.is_empty()) {
            push("base64data", BASE64.encode(data));
        }
        if let Some(address) = self.from_address {
            push("from_address", address.to_string());
        }
        if self.single_address {
            push("single_address", "1".to_owned());
        }
        let recipient = percent::encode(&self.recipient.to_string());
        if parameters.is_empty() { recipient } else { format!("{recipient}?{}", parameters.join("&")) }
    }
}

/// `amount2`, `amount3`, ... up to the first that is missing.
fn parse_more(main: Asset, parameters: &HashMap<String, String>) -> Result<Vec<(Asset, Bytes)>, UriError> {
    let (mut more, mut used) = (Vec::new(), HashSet::from([main]));
    for number in 2.. {
        let Some(amount) = parameters.get(&format!("amount{number}")).filter(|amount| !amount.is_empty())
        else {
            break;
        };
        let amount = parse_amount(amount)?;
        let asset = parameters.get(&format!("asset{number}")).filter(|asset| !asset.is_empty());
        let asset = asset.map_or(Ok(Asset::Base), |asset| asset.parse())?;
        if !used.insert(asset) {
            return Err(UriError::AssetTwice);
        }
        more.push((asset, amount));
    }
    Ok(more)
}

fn parse_amount(text: &str) -> Result<Bytes, UriError> {
    let canonical = text == "0" || text.starts_with(|c| matches!(c, '1'..='9'));
    if !canonical || !text.bytes().all(|c| c.is_ascii_digit()) {
        return Err(UriError::Amount("only digits, without leading zeros"));
    }
    let too_much = UriError::Amount("more than there is");
    let amount = text.parse().map_err(|_| too_much).and_then(|n| Bytes::new(n).map_err(|_| too_much))?;
    if amount.is_zero() { Err(UriError::Amount("nonpositive")) } else { Ok(amount) }
}
