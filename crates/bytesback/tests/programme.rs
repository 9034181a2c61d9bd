//! The rules as `docs/programme.md` explains them, and as commands apply them.

mod common;

use std::path::Path;

use bytesback_client::{Endpoint, PurchaseAnswer, PurchaseRequest};
use obyte::Bytes;
use program::refund_claim;

use crate::common::{Dev, address, argument, ok, purchase, run, settle};

/// What stands around the rules of an example.
const CONFIG: &str = r#"
listen = "127.0.0.1:8080"
[live]
network = "livenet"
wallet = "live.wallet"
[test]
network = "testnet"
wallet = "test.wallet"
[rates]
GBYTE_USD = "20"
EUR_USD = "1.10"
"#;

/// A command of the document, with the rules by which it computes.
#[derive(Debug, Default)]
struct Example {
    programme: String,
    command: String,
    output: String,
}

/// The examples of a document: indented blocks. One that begins with `[programme]` holds up to the next one, or
/// the next headline; one that begins with a dollar sign is a command with what it prints.
fn examples(document: &str) -> Vec<Example> {
    let (mut programme, mut examples) = (String::new(), Vec::new());
    for block in document.split("\n\n") {
        if block.starts_with("## ") {
            programme.clear();
        }
        let lines: Option<Vec<_>> = block.trim_end().lines().map(|line| line.strip_prefix("    ")).collect();
        let Some((first, rest)) = lines.as_deref().and_then(<[_]>::split_first) else { continue };
        if *first == "[programme]" {
            programme = lines.expect("they are indented").join("\n");
        } else if let Some(command) = first.strip_prefix("$ bytesback ") {
            let (programme, command) = (programme.clone(), command.to_owned());
            examples.push(Example { programme, command, output: rest.join("\n") });
        }
    }
    examples
}

fn write_config(folder: &Path, programme: &str) -> String {
    let file = folder.join("bytesback.toml");
    std::fs::write(&file, format!("{CONFIG}{programme}\n")).expect("written");
    argument(&file).to_owned()
}

#[test]
fn the_examples_of_the_document_are_what_the_program_computes() {
    let examples = examples(include_str!("../../../docs/programme.md"));
    assert!(examples.len() >= 19, "{} examples", examples.len());
    let folder = tempfile::tempdir().expect("a folder");
    for example in examples {
        let config = write_config(folder.path(), &example.programme);
        let command: Vec<_> = example.command.split(' ').collect();
        let (good, said) = run(&[&command[..], &["--config", &config]].concat());
        assert_eq!(said.trim_end(), example.output, "{example:?}");
        assert_eq!(good, !example.output.starts_with("refused"), "{example:?}");
    }
}

/// The rows of the table about returned purchases, by the program's own computation.
#[test]
fn the_table_of_the_document_is_what_is_charged_for_a_return() {
    let document = include_str!("../../../docs/programme.md");
    let table = document.split("| the fund gave |").nth(1).expect("it is there");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let bytes = |text: &str| Bytes::new(text.parse().expect("a number")).expect("few enough");
        let amount = |text: &str| text.parse().expect("an amount");
        let share = row[1].parse().expect("a percentage");
        let claim = refund_claim(bytes(row[0]), share, amount(row[2]), amount(row[3]));
        assert_eq!(claim, Some(bytes(row[4])), "{row:?}");
    }
}

/// `GET /test/v1/quote` of the sample shop: the body of the answer.
async fn quote(dev: &Dev, parameters: &str) -> serde_json::Value {
    let path = format!("/test/v1/quote?partner=demo-shop&partner_key=demo-shop-key&{parameters}");
    let answer = reqwest::get(format!("{}{path}", dev.url)).await.expect("answered");
    serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_hold_at_once_and_a_purchase_is_explained_by_what_held_before() {
    let (_folder, data) = common::data_dir();
    let dev = Dev::start(&data);
    let at = ["--data-dir", argument(&data)];
    let client = dev.client();
    let request = PurchaseRequest {
        partner_cashback_percentage: "7.5".into(),
        ..purchase("1", address("customer"), "12.50")
    };
    let quoted = quote(&dev, "currency=USD&currency_amount=12.50&partner_cashback_percentage=7.5").await;
    let (amount, ..) = ok(settle(&client, Endpoint::Test, &request).await);
    assert_eq!(quoted["cashback_amount"].as_u64(), Some(amount), "{quoted}");
    let shares = ["base", "partner", "match"].map(|share| quoted[share].as_u64().expect("a number"));
    assert_eq!(shares, [62_500_000, 46_875_000, 46_875_000]);

    let asking =
        ["quote", "--currency", "USD", "--amount", "12.50", "--percentage", "7.5", "--url", &dev.url];
    let (good, said) =
        run(&[&asking[..], &["--partner", "demo-shop", "--partner-key", "demo-shop-key"]].concat());
    let lines: Vec<_> = said.lines().map(serde_json::Value::from).collect();
    assert!(good && quoted["explanation"] == serde_json::Value::from(lines), "{said}");
    let (good, said) = run(&[&asking[..], &["--partner", "demo-shop", "--partner-key", "wrong"]].concat());
    assert!(!good && said == "refused: authentication failed\n", "{said}");

    let (good, said) = run(&[&["partner", "terms", "demo-shop", "--percentage-max", "5"], &at[..]].concat());
    assert!(good && said.contains("asks for 5 % at most"), "{said}");
    let refused = "partner_cashback_percentage is too high, the maximum is 5";
    let asked = quote(&dev, "currency=USD&currency_amount=1&partner_cashback_percentage=7.5").await;
    assert_eq!(asked["error"], refused);
    let next = PurchaseRequest { order_id: "2".into(), ..request.clone() };
    let answer = client.new_purchase(Endpoint::Test, &next).await.expect("answered");
    assert!(matches!(&answer, PurchaseAnswer::Error { text } if text == refused), "{answer:?}");
    assert!(ok(settle(&client, Endpoint::Test, &request).await).2, "what was accepted is not judged again");
    let sale =
        ["quote", "--currency", "USD", "--amount", "1", "--percentage", "7.5", "--rate", "GBYTE_USD=20"];
    let (_, said) = run(&[&sale[..], &["--partner", "demo-shop"], &at[..]].concat());
    assert_eq!(said.trim_end(), format!("refused: {refused}"));
    let (good, said) = run(&[&sale[..], &at[..]].concat());
    assert!(good && said.ends_with("cashback: 12500000 bytes\n"), "{said}");

    let order = ["purchase", "show", "1", "--partner", "demo-shop", "--endpoint", "test"];
    let (good, shown) = run(&[&order[..], &at[..]].concat());
    let explanation: Vec<_> =
        quoted["explanation"].as_array().expect("a list").iter().filter_map(|line| line.as_str()).collect();
    assert!(good && shown.contains(&format!("explained\n  {}\n", explanation.join("\n  "))), "{shown}");
    assert!(
        shown.contains("rules     number 1, in force since ")
            && shown.contains("  base_percentage = \"10\"\n")
    );

    let (good, said) =
        run(&[&["partner", "terms", "demo-shop", "--percentage-max", "none"], &at[..]].concat());
    assert!(good && said.lines().count() == 2 && said.ends_with("as the rules say\n"), "{said}");

    // The example of the document.
    let both = ["--percentage-max", "20", "--cashback-max-usd", "10"];
    assert!(run(&[&["partner", "terms", "demo-shop"], &both[..], &at[..]].concat()).0);
    let sale =
        ["quote", "--currency", "USD", "--amount", "100", "--percentage", "20", "--rate", "GBYTE_USD=20"];
    let (good, said) = run(&[&sale[..], &["--partner", "demo-shop"], &at[..]].concat());
    let shown: String = said.lines().map(|line| format!("    {line}\n")).collect();
    let document = include_str!("../../../docs/programme.md");
    assert!(good && document.contains(&format!("it prints:\n\n{shown}\n")), "{said}");
    dev.interrupt();
}
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_shop_has_sold_lowers_what_the_fund_gives() {
    let (folder, data) = common::data_dir();
    let file = folder.path().join("programme.toml");
    let tiers = "[programme]\nperiod_days = 30\nperiod_tiers = [{ above_usd = \"10\", counts = \"50\" }]\n";
    std::fs::write(&file, tiers).expect("written");
    let dev = Dev::start_with(&data, &["--programme", argument(&file)]);
    let client = dev.client();
    let mut paid = Vec::new();
    for order in ["1", "2", "3"] {
        let asked = quote(&dev, "currency=USD&currency_amount=8").await;
        let request = purchase(order, address("customer"), "8");
        let (amount, ..) = ok(settle(&client, Endpoint::Test, &request).await);
        assert_eq!(asked["cashback_amount"].as_u64(), Some(amount), "{asked}");
        paid.push(amount);
    }
    // A dollar is worth 50,000,000 bytes: 8 dollars count, then 2 and a half of 6, then a half of 8.
    assert_eq!(paid, [40_000_000, 25_000_000, 20_000_000]);
    assert!(ok(settle(&client, Endpoint::Test, &purchase("1", address("customer"), "8")).await).2);
    let sale = [
        "quote",
        "--currency",
        "USD",
        "--amount",
        "8",
        "--rate",
        "GBYTE_USD=20",
        "--data-dir",
        argument(&data),
    ];
    let (_, said) = run(&[&sale[..], &["--partner", "demo-shop"]].concat());
    assert!(said.contains("the shop sold for 24.00 USD before, within 30 days\n"), "{said}");
    // The merchant that a merchant names is of no account.
    let (_, said) = run(&[&sale[..], &["--partner", "demo-shop", "--merchant", "till 7"]].concat());
    assert!(said.contains("the shop sold for 24.00 USD before, within 30 days\n"), "{said}");
    let (good, _) = run(&[&sale[..], &["--partner", "demo-processor"]].concat());
    assert!(!good, "each merchant of a payment processor is a shop of its own");
    let (good, said) = run(&[&sale[..], &["--partner", "demo-processor", "--merchant", "till 7"]].concat());
    assert!(good && said.contains("the shop sold for 0.00 USD before"), "{said}");
    let (_, said) = run(&[&sale[..], &["--partner", "demo-shop", "--endpoint", "live"]].concat());
    assert!(said.contains("the shop sold for 0.00 USD before, within 30 days\n"), "{said}");
    dev.interrupt();
}
