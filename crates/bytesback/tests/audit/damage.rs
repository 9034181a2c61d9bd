//! What an audit finds on the network.

use std::path::Path;

use rusqlite::Connection;

use crate::common::{address, argument, data_dir, run};
use crate::{audit, faults, with_orders};

/// The faults that an audit of a copy of the data finds in a part of it, after this was done to the copy.
fn found(data: &Path, part: &str, damage: &str) -> Vec<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path();
    for file in ["bytesback.sqlite", "network.json"] {
        std::fs::copy(data.join(file), copy.join(file)).expect("copied");
    }
    copy_devnet(&data.join("devnet"), &copy.join("devnet"));
    let connection = Connection::open(copy.join("bytesback.sqlite")).expect("a database");
    connection.execute_batch(damage).unwrap_or_else(|error| panic!("{damage}: {error}"));
    connection.close().expect("nothing is open");
    let how = if part == "books" { "--books-only" } else { "--from-the-start" };
    let (good, report) = audit(copy, &[how]);
    let faults = faults(&report, part);
    assert_eq!(good, damage.is_empty(), "{damage}\n{report}");
    let (good, said) = run(&["audit", how, "--endpoint", "test", "--data-dir", argument(copy)]);
    assert_eq!((good, said.contains("NOT SOUND")), (damage.is_empty(), !damage.is_empty()), "{said}");
    assert!(faults.iter().all(|fault| said.contains(&format!("WRONG: {fault}\n"))), "{faults:?}\n{said}");
    faults
}

fn copy_devnet(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("readable");
        if entry.file_type().expect("readable").is_dir() {
            copy_devnet(&entry.path(), &to.join(entry.file_name()));
        } else {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_finds_what_network_and_books_do_not_bear_out() {
    let (_folder, data) = data_dir();
    with_orders(&data, &["1", "2"]).await.interrupt();
    for part in ["books", "network"] {
        assert_eq!(found(&data, part, ""), Vec::<String>::new());
    }
    let thief = address("a thief");
    // All of both rows is changed, so that the books alone look sound.
    let elsewhere = format!(
        "UPDATE payouts SET address = '{thief}' WHERE id = 1;
         UPDATE purchases SET recipient = '{thief}' WHERE payout = 1"
    );
    let forgotten = "DELETE FROM version_outputs WHERE payout = 1";
    // As if the newest unit had never been journaled.
    let last = "(SELECT max(no) FROM slots WHERE endpoint = 'test')";
    let foreign = format!(
        "PRAGMA foreign_keys = OFF;
         DELETE FROM versions WHERE endpoint = 'test' AND slot = {last};
         DELETE FROM slots WHERE endpoint = 'test' AND no = {last}"
    );
    let invented = "UPDATE versions SET unit = 'oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=' WHERE slot = 0";
    for (damage, wanted) in [
        (elsewhere.as_str(), "bytes to "),
        (forgotten, "which nothing in the book explains"),
        (foreign.as_str(), "is signed by the wallet, and the journal does not hold it"),
        (invented, "the hub does not show it"),
        (
            "UPDATE versions SET change_amount = change_amount - 1 WHERE endpoint = 'test'",
            "the change of unit",
        ),
        ("UPDATE versions SET size_fee = size_fee - 1 WHERE endpoint = 'test'", "costs other fees"),
        ("UPDATE version_inputs SET output_index = output_index + 7", "spends other coins"),
        ("UPDATE version_outputs SET output_index = output_index + 1", "bytes to "),
        ("UPDATE payouts SET amount = amount - 1 WHERE id = 2", "as payout 2 in the book says"),
        ("UPDATE coins SET amount = amount + 1 WHERE endpoint = 'test'", "is not on the network"),
    ] {
        let found = found(&data, "network", damage);
        assert!(found.iter().any(|fault| fault.contains(wanted)), "{damage}\nwants {wanted:?}\n{found:#?}");
    }
    for (damage, wanted) in [
        ("UPDATE balances SET balance = balance + 1 WHERE account = 'fund'", "account fund is kept as"),
        ("UPDATE postings SET change = change + 1 WHERE account = 'owed'", "does not balance"),
        ("DELETE FROM entries WHERE cause = 'purchase-accepted:1'", "no entry for purchase-accepted:1"),
        (elsewhere.split(';').next().expect("a change"), "payout 1 goes to another address"),
        (
            "UPDATE payouts SET slot = NULL, position = NULL WHERE id = 1",
            "payout 1 is paid by the unit of slot",
        ),
    ] {
        let damage = format!("PRAGMA foreign_keys = OFF; {damage}");
        let found = found(&data, "books", &damage);
        assert!(found.iter().any(|fault| fault.contains(wanted)), "{damage}\nwants {wanted:?}\n{found:#?}");
    }
}
