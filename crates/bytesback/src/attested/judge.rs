//! What a unit proves about a mailbox. Pure.

use obyte::history::{ProvenUnit, State};
use obyte::{Address, Attestation};

/// The field of a profile in which attestors write mailboxes.
pub(super) const FIELD: &str = "email";

/// The wallet that a unit names for a mailbox, and when the attestor has signed it, in seconds since 1970; or in a few
/// words why it names none. The mailbox is compared as it is written.
pub(super) fn judge(
    proven: &ProvenUnit,
    attestor: &Address,
    email: &str,
) -> Result<(Address, u64), &'static str> {
    match proven.state {
        State::FinalGood => {}
        State::FinalBad => return Err("it is void"),
        State::Unstable => return Err("it is not final yet"),
    }
    let signed_at = proven.unit.timestamp().ok_or("it has no time")?;
    let mut wallets = Attestation::all(&proven.unit)
        .filter(|attestation| attestation.attestor == *attestor && attestation.public(FIELD) == Some(email))
        .map(|attestation| attestation.address);
    let wallet = wallets.next().ok_or("the attestor does not say in it whose mailbox this is")?;
    if wallets.any(|other| other != wallet) {
        return Err("it names several wallets");
    }
    Ok((wallet, signed_at))
}

#[cfg(test)]
mod tests {
    use obyte::compose::{self, Coin, Note, Parents, Payer, Payment, Spend};
    use obyte::fee::ThresholdSize;
    use obyte::keys::PaymentKey;
    use obyte::unit::{CoinId, HubHints};
    use obyte::{BallHash, Bytes, Network, SecretKey, Unit, UnitHash};
    use serde_json::{Value, json};

    use super::*;

    const NOW: u64 = 1_795_440_359;
    const EMAIL: &str = "someone@example.org";

    fn key(seed: u8) -> PaymentKey {
        PaymentKey::new(SecretKey::from_bytes(&[seed; 32]).expect("below the order of the curve"))
    }

    fn wallet(name: &str) -> Address {
        Address::of_source(name)
    }

    /// A unit of these people that attests this.
    fn unit(authors: &[u8], payloads: &[Value]) -> Unit {
        let parents = Parents {
            timestamp: NOW,
            parent_units: vec![UnitHash::of("a parent")],
            last_ball: BallHash::of("a ball"),
            last_ball_unit: UnitHash::of("its unit"),
            last_ball_mci: 9,
            tps_fee: Bytes::ZERO,
        };
        let keys: Vec<_> = authors.iter().map(|&seed| key(seed)).collect();
        let coin = |(index, key): (u32, &PaymentKey)| Coin {
            id: CoinId { unit: UnitHash::of("a source"), message_index: 0, output_index: index },
            amount: Bytes::literal(100_000),
            address: key.address(),
        };
        let coins: Vec<_> = (0..).zip(&keys).map(coin).collect();
        let note = |payload: &Value| Note { app: "attestation".to_owned(), payload: payload.clone() };
        let payment = Payment {
            network: Network::Devnet,
            parents: &parents,
            threshold: ThresholdSize::DEFAULT,
            payers: &keys.iter().map(|key| Payer::new(key.public_key(), true)).collect::<Vec<_>>(),
            mandatory: &coins,
            candidates: &[],
            outputs: &[],
            spend: Spend::All { to: keys[0].address() },
            notes: &payloads.iter().map(note).collect::<Vec<_>>(),
        };
        let secrets: Vec<_> = keys.iter().map(|key| key.secret_key().clone()).collect();
        compose::compose(&payment).expect("enough").sign(&secrets).expect("the keys are there").unit
    }

    fn says(name: &str, email: &str) -> Value {
        json!({"address": wallet(name), "profile": {"email": email, "user_id": "x"}})
    }

    fn judged(unit: Unit, state: State) -> Result<(Address, u64), &'static str> {
        judge(&ProvenUnit { unit, state, hints: HubHints::default() }, &key(1).address(), EMAIL)
    }

    #[test]
    fn a_final_unit_of_the_attestor_names_the_wallet() {
        let wanted = Ok((wallet("a"), NOW));
        assert_eq!(judged(unit(&[1], &[says("a", EMAIL)]), State::FinalGood), wanted);
        let others = unit(&[1], &[says("b", "other@example.org"), says("a", EMAIL), says("a", EMAIL)]);
        assert_eq!(judged(others, State::FinalGood), wanted);
    }

    #[test]
    fn anything_else_names_none() {
        let good = || unit(&[1], &[says("a", EMAIL)]);
        assert!(judged(good(), State::Unstable).is_err());
        assert!(judged(good(), State::FinalBad).is_err());
        for (what, unit) in [
            ("somebody else has signed it", unit(&[2], &[says("a", EMAIL)])),
            ("the attestor has not signed it alone", unit(&[1, 2], &[says("a", EMAIL)])),
            ("another mailbox", unit(&[1], &[says("a", "other@example.org")])),
            ("written otherwise", unit(&[1], &[says("a", "Someone@example.org")])),
            ("two wallets", unit(&[1], &[says("a", EMAIL), says("b", EMAIL)])),
            ("no attestation", unit(&[1], &[])),
            ("private", unit(&[1], &[json!({"address": wallet("a"), "profile": {"profile_hash": EMAIL}})])),
            ("another field", unit(&[1], &[json!({"address": wallet("a"), "profile": {"mail": EMAIL}})])),
        ] {
            assert!(judged(unit, State::FinalGood).is_err(), "{what}");
        }
    }
}
