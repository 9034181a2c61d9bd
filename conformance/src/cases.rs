//! The rules, each with the details of the clients behind it.

mod answers;
mod authentication;
mod fields;
mod money;
mod orders;
mod recipients;
mod transport;

use std::fmt;

use crate::probe::Probe;
use crate::stop::{Judged, skip};

/// One rule.
#[derive(Clone, Copy)]
pub struct Case {
    /// The numbers of the details, `C1` to `C43`; `API` for what only the documentation says.
    pub details: &'static [&'static str],
    /// What must hold.
    pub name: &'static str,
    pub(crate) run: fn(&Probe<'_>) -> Judged<()>,
}

impl Case {
    /// Whether it is meant: by one of its numbers, or no number was named.
    pub fn is_chosen(&self, only: &[String]) -> bool {
        only.is_empty()
            || only.iter().any(|number| self.details.iter().any(|d| d.eq_ignore_ascii_case(number)))
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.details.join(" "), self.name)
    }
}

/// All cases, in the order in which they run.
pub fn all() -> Vec<Case> {
    let groups = [
        transport::CASES,
        answers::CASES,
        fields::CASES,
        recipients::CASES,
        orders::CASES,
        money::CASES,
        authentication::CASES,
        NOT_JUDGED,
        answers::LAST,
    ];
    groups.concat()
}

/// Details that no answer to a request can show.
const NOT_JUDGED: &[Case] = &[
    Case {
        details: &["C7"],
        name: "TLS for old clients",
        run: |_| skip("TLS is the proxy's, see docs/operating.md"),
    },
    Case {
        details: &["C16"],
        name: "fields that are added are ignored",
        run: |_| skip("that is up to the clients; all of them do"),
    },
    Case {
        details: &["C37"],
        name: "what a shop promises its customers",
        run: |_| skip("it stands in the shop, not in the API"),
    },
    Case {
        details: &["C39", "C40"],
        name: "purchase units count as the DAG has them",
        run: |_| skip("needs a payment on the network"),
    },
    Case {
        details: &["C43"],
        name: "shops are called back",
        run: |_| skip("optional, and not asked for by a request"),
    },
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_detail_has_a_case() {
        let known: HashSet<&str> = all().iter().flat_map(|case| case.details.iter().copied()).collect();
        let wanted: HashSet<String> =
            (1..=43).map(|number| format!("C{number}")).chain(["API".to_owned()]).collect();
        for number in &wanted {
            assert!(known.contains(number.as_str()), "{number}");
        }
        assert_eq!(known.len(), wanted.len());
    }

    #[test]
    fn names_are_unique() {
        let cases = all();
        let names: HashSet<&str> = cases.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), cases.len());
    }
}
