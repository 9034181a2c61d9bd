//! Tags, by which answers find their requests (6.1).

use data_encoding::BASE64;

use crate::HubError;

/// A fresh random tag: 32 characters of base64, of which nothing needs escaping in JSON.
pub(crate) fn fresh() -> Result<String, HubError> {
    let mut random = [0; 24];
    getrandom::fill(&mut random).map_err(|_| HubError::NoRandomness)?;
    Ok(BASE64.encode(&random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_fit_into_the_protocol_and_differ() {
        let (a, b) = (fresh().expect("random"), fresh().expect("random"));
        assert_ne!(a, b);
        assert!(!a.is_empty() && a.len() <= 44);
    }
}
