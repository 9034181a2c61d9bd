//! The server does what its clients expect, as the suite for any server sees it.

mod common;

use common::{Dev, data_dir};
use conformance::{Endpoint, Options, Outcome, Report, run};

fn judged(dev: &Dev, endpoint: Endpoint, only: &[&str]) -> Report {
    let target = dev.url.parse().expect("it printed a URL");
    let only = only.iter().map(|&number| number.to_owned()).collect();
    let options = Options { endpoint, only, strict: true, ..Options::new(target, "conformance") };
    let mut lines = Vec::new();
    let report = run(&options, &mut lines).expect("the server can be judged");
    assert!(report.is_good(), "{}", String::from_utf8_lossy(&lines));
    report
}

#[test]
fn every_detail_of_every_client_is_served() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    let report = judged(&dev, Endpoint::Test, &[]);
    let skipped: Vec<&str> = report
        .rows
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Skip(_)))
        .flat_map(|row| row.case.details.iter().copied())
        .collect();
    assert_eq!(skipped, ["C7", "C16", "C37", "C39", "C40", "C43"], "the rest was judged");
    dev.interrupt();
}

#[test]
fn the_other_endpoint_is_served_alike() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    judged(&dev, Endpoint::Live, &["C1", "C2", "C20", "C22", "C23", "C29"]);
    dev.interrupt();
}
