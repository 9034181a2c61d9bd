//! Where the world finds the claim page.

use std::fmt;
use std::str::FromStr;

use store::Endpoint;
use zeroize::Zeroizing;

/// The public address of this server, such as `https://cashback.example.org`, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimAddress(String);

/// The text is no address that customers could be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("name the public address of this server, such as https://cashback.example.org, without ? and #")]
pub struct ClaimAddressError;

/// Links stay within what a mail and its code can hold.
const LENGTH_MAX: usize = 200;

impl ClaimAddress {
    /// The page of a token.
    pub(super) fn link(&self, endpoint: Endpoint, token: &str) -> Zeroizing<String> {
        let path = match endpoint {
            Endpoint::Live => "/claim/",
            Endpoint::Test => "/test/claim/",
        };
        Zeroizing::new([&self.0, path, token].concat())
    }
}

impl FromStr for ClaimAddress {
    type Err = ClaimAddressError;

    /// `https://`, or `http://` for the machine itself; a host, perhaps a port and a path.
    fn from_str(text: &str) -> Result<Self, ClaimAddressError> {
        let url: reqwest::Url = text.parse().map_err(|_| ClaimAddressError)?;
        let host = url.host_str().ok_or(ClaimAddressError)?;
        let is_safe = url.scheme() == "https"
            || url.scheme() == "http" && matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        let plain = url.as_str().trim_end_matches('/');
        // What is no part of a link that pages can show as it is.
        let is_shown = plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/[]%".contains(&byte));
        let is_good = is_safe && is_plain && is_shown && plain.len() <= LENGTH_MAX;
        if is_good { Ok(Self(plain.to_owned())) } else { Err(ClaimAddressError) }
    }
}

impl fmt::Display for ClaimAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_the_address_with_the_token() {
        for (address, link) in [
            ("https://cashback.example.org", "https://cashback.example.org/test/claim/abc"),
            ("https://cashback.example.org/", "https://cashback.example.org/test/claim/abc"),
            ("https://Shop.example:8443/cashback/", "https://shop.example:8443/cashback/test/claim/abc"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/test/claim/abc"),
        ] {
            let address: ClaimAddress = address.parse().expect("an address");
            assert_eq!(*address.link(Endpoint::Test, "abc"), link);
        }
        let live: ClaimAddress = "https://x.example".parse().expect("an address");
        assert_eq!(*live.link(Endpoint::Live, "abc"), "https://x.example/claim/abc");
    }

    #[test]
    fn what_customers_cannot_be_sent_to_is_refused() {
        for bad in [
            "",
            "cashback.example.org",
            "http://cashback.example.org",
            "ftp://cashback.example.org",
            "https://user@cashback.example.org",
            "https://user:secret@cashback.example.org",
            "https://cashback.example.org/?x=1",
            "https://cashback.example.org/#x",
            "https://",
            "javascript:alert(1)",
            "https://x.example/\"><script>",
            "https://x.example/a&b",
        ] {
            let refused = bad.parse::<ClaimAddress>();
            // What is escaped can do no harm.
            let is_escaped =
                refused.as_ref().is_ok_and(|address| !address.to_string().contains(['"', '<', '>']));
            assert!(refused == Err(ClaimAddressError) || bad.contains("script>") && is_escaped, "{bad}");
        }
        let long = format!("https://x.example/{}", "a".repeat(200));
        assert_eq!(long.parse::<ClaimAddress>(), Err(ClaimAddressError));
    }
}
