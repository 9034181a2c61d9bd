//! Domains to which no mail is sent, such as those of disposable addresses.

use std::collections::BTreeSet;

use program::EmailAddress;

/// A list of domains. Each stands for its subdomains, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockedDomains(BTreeSet<String>);

impl BlockedDomains {
    /// A list of domains in any script; in each line one, with comments behind `#`.
    ///
    /// # Errors
    /// The number of the first line that is no domain, beginning with 1.
    pub fn parse(text: &str) -> Result<Self, usize> {
        let mut domains = BTreeSet::new();
        for (index, line) in text.lines().enumerate() {
            let domain = line.split('#').next().unwrap_or_default().trim();
            if !domain.is_empty() {
                domains.insert(ascii(domain).ok_or(index + 1)?);
            }
        }
        Ok(Self(domains))
    }

    /// The domains of both lists.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether no mail is to be sent to the address.
    pub fn blocks(&self, address: &EmailAddress) -> bool {
        let mut rest = address.domain();
        loop {
            if self.0.contains(rest) {
                return true;
            }
            match rest.split_once('.') {
                Some((_, parent)) => rest = parent,
                None => return false,
            }
        }
    }
}

/// The domain as addresses have it. One of a single label, such as `test`, stands for all domains below it.
fn ascii(domain: &str) -> Option<String> {
    let whole = if domain.contains('.') { domain.to_owned() } else { format!("x.{domain}") };
    let address: EmailAddress = format!("x@{whole}").parse().ok()?;
    let ascii = address.domain();
    Some(if domain.contains('.') { ascii } else { &ascii[2..] }.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(list: &str, address: &str) -> bool {
        let list = BlockedDomains::parse(list).expect("a list");
        list.blocks(&address.parse().expect("an address"))
    }

    #[test]
    fn a_domain_stands_for_itself_and_what_is_below_it() {
        let list = "# disposable\nMailinator.com # well known\n\n пример.рф\ntest\n";
        for blocked in [
            "a@mailinator.com",
            "a@x.y.MAILINATOR.com",
            "a@пример.рф",
            "a@sub.xn--e1afmkfd.xn--p1ai",
            "a@x.test",
        ] {
            assert!(blocks(list, blocked), "{blocked}");
        }
        for free in ["a@notmailinator.com", "a@mailinator.com.org", "a@com.org", "mailinator.com@x.org"] {
            assert!(!blocks(list, free), "{free}");
        }
        assert!(!BlockedDomains::default().blocks(&"a@x.org".parse().expect("an address")));
    }

    #[test]
    fn what_is_no_domain_is_named_by_its_line() {
        for bad in ["a@b.org", "*.x.org", "x..org", "x.org y.org", ".org", "http://x.org"] {
            assert_eq!(BlockedDomains::parse(&format!("x.org\n{bad}\n")), Err(2), "{bad}");
        }
    }

    #[test]
    fn lists_add_up() {
        let both = BlockedDomains::parse("a.org")
            .expect("a list")
            .and(BlockedDomains::parse("b.org").expect("a list"));
        assert_eq!(both, BlockedDomains::parse("b.org\na.org").expect("a list"));
    }
}
