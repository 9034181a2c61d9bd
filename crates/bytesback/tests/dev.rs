//! The main job as a newcomer tries it: `bytesback dev`, one request, and the bytes are there.

mod common;

use bytesback_client::{Endpoint, PurchaseAnswer};
use common::{Dev, address, argument, data_dir, ok, purchase, run, settle, until};
use obyte::Bytes;

#[tokio::test]
async fn a_purchase_becomes_a_unit_that_the_hub_has_and_that_becomes_stable() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    let to = address("customer");
    let answer = dev.client().new_purchase(Endpoint::Test, &purchase("1001", to, "12.50")).await;
    let (amount, unit, replayed) = ok(answer.expect("answered"));
    assert_eq!((amount, replayed), (62_500_000, false));

    let hub = dev.hub().await;
    let joint = hub.get_joint(unit).await.expect("answered").expect("the hub has the unit");
    let paid: Vec<_> = joint.unit.outputs().filter(|(_, output)| output.address == to).collect();
    assert_eq!(paid.len(), 1);
    assert_eq!(paid[0].1.amount, Bytes::literal(62_500_000));

    until("the unit is stable", || async {
        let joint = hub.get_joint(unit).await.expect("answered").expect("the hub has the unit");
        joint.hints.actual_tps_fee.is_some()
    })
    .await;
    until("the unit is proven, and the book knows", || async {
        run(&["fund", "status", "--data-dir", argument(&data)]).1.contains("62 500 000")
    })
    .await;
    dev.interrupt();
}

#[tokio::test]
async fn the_same_request_pays_once_and_another_amount_is_an_error() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    let (client, to) = (dev.client(), address("customer"));
    let first = purchase("1001", to, "12.50");
    let (amount, unit, _) = ok(client.new_purchase(Endpoint::Test, &first).await.expect("answered"));
    let again =
        ok(client.new_purchase(Endpoint::Test, &purchase("1001", to, "12.5")).await.expect("answered"));
    assert_eq!(again, (amount, unit, true));
    let other = client.new_purchase(Endpoint::Test, &purchase("1001", to, "12.51")).await.expect("answered");
    assert!(matches!(other, PurchaseAnswer::Error { text } if text.contains("order_id was used before")));
    let live = ok(client.new_purchase(Endpoint::Live, &first).await.expect("answered"));
    assert_eq!((live.0, live.2), (amount, false));
    assert_ne!(live.1, unit, "the other endpoint pays from its own wallet");
}

#[tokio::test]
async fn equal_requests_at_once_pay_once_and_all_get_the_answer() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    let (client, to) = (dev.client(), address("customer"));
    let request = purchase("1001", to, "12.50");
    let requests = (0..20).map(|_| client.new_purchase(Endpoint::Test, &request));
    let answers = futures_util::future::join_all(requests).await;
    let answers: Vec<_> = answers.into_iter().map(|answer| ok(answer.expect("answered"))).collect();
    assert!(answers.iter().all(|(amount, unit, _)| (*amount, *unit) == (answers[0].0, answers[0].1)));
    assert_eq!(answers.iter().filter(|(_, _, replayed)| !replayed).count(), 1);
    let joint = dev.hub().await.get_joint(answers[0].1).await.expect("answered").expect("there");
    assert_eq!(joint.unit.outputs().filter(|(_, output)| output.address == to).count(), 1);
}

#[tokio::test]
async fn the_same_data_directory_goes_on_where_it_was() {
    let (_folder, data) = data_dir();
    let to = address("customer");
    let request = purchase("1001", to, "12.50");
    let dev = Dev::start(&data);
    let (hub, funds) = (dev.hub.clone(), dev.lines[2..4].to_vec());
    let first = ok(dev.client().new_purchase(Endpoint::Test, &request).await.expect("answered"));
    dev.interrupt();

    let dev = Dev::start(&data);
    assert_eq!((&dev.hub, &dev.lines[2..4]), (&hub, &funds[..]), "hub and wallets are the same");
    let again = ok(dev.client().new_purchase(Endpoint::Test, &request).await.expect("answered"));
    assert_eq!((again.0, again.1), (first.0, first.1));
    let next = ok(dev.client().new_purchase(Endpoint::Test, &purchase("1002", to, "1")).await.expect("paid"));
    assert_eq!(next.0, 5_000_000);
}

#[tokio::test]
async fn a_partners_share_comes_from_its_deposit_and_is_matched() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    let mut request = purchase("1001", address("customer"), "20");
    request.partner_cashback_percentage = "5".into();
    let (amount, ..) = ok(dev.client().new_purchase(Endpoint::Test, &request).await.expect("answered"));
    assert_eq!(amount, 200_000_000, "10 % and 5 % and 5 % of one GBYTE");
    let (good, status) = run(&["fund", "status", "--data-dir", argument(&data)]);
    assert!(good, "{status}");
    assert!(status.contains("deposit of demo-shop") && status.contains("9 950 000 000"), "{status}");

    let mut greedy = purchase("1002", address("customer"), "2000");
    greedy.partner_cashback_percentage = "10".into();
    let refused = dev.client().new_purchase(Endpoint::Test, &greedy).await.expect("answered");
    assert!(matches!(refused, PurchaseAnswer::Error { text } if text.contains("deposit")));
    greedy.partner_cashback_percentage = "0".into();
    ok(dev.client().new_purchase(Endpoint::Test, &greedy).await.expect("the order id stayed free"));
}

#[tokio::test]
async fn who_is_not_known_is_refused_and_leaves_the_order_id_free() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    let client = dev.client();
    let refusal = async |change: fn(&mut bytesback_client::PurchaseRequest)| {
        let mut request = purchase("1001", address("customer"), "12.50");
        change(&mut request);
        match client.new_purchase(Endpoint::Test, &request).await.expect("answered") {
            PurchaseAnswer::Error { text } => text,
            other => panic!("not refused: {other:?}"),
        }
    };
    assert_eq!(refusal(|request| request.partner_key = "wrong".into()).await, "authentication failed");
    assert_eq!(refusal(|request| request.partner = "nobody-here".into()).await, "authentication failed");
    assert_eq!(refusal(|request| request.partner = String::new()).await, "authentication failed");
    ok(client
        .new_purchase(Endpoint::Test, &purchase("1001", address("customer"), "12.50"))
        .await
        .expect("the order id stayed free"));
}

#[tokio::test]
async fn the_wallets_of_the_server_are_no_customers() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    for line in &dev.lines[2..4] {
        let fund = line.rsplit(' ').next().expect("a line").parse().expect("it ends with the address");
        let answer = dev.client().new_purchase(Endpoint::Test, &purchase("1001", fund, "12.50")).await;
        let answer = answer.expect("answered");
        assert!(matches!(answer, PurchaseAnswer::Error { text } if text.contains("this cashback server")));
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_data_refuses_to_start() {
    let (_folder, data) = data_dir();
    let _dev = Dev::start(&data);
    let (good, said) = run(&["dev", "--listen", "127.0.0.1:0", "--data-dir", argument(&data)]);
    assert!(!good, "{said}");
}

#[tokio::test]
async fn limits_hold_in_a_devnet_only_where_they_are_asked_for() {
    let (_folder, data) = data_dir();
    // 15 GBYTE for one purchase.
    let large = purchase("1001", address("customer"), "3000");
    let dev = Dev::start_with(&data, &["--limits"]);
    let refused = dev.client().new_purchase(Endpoint::Test, &large).await.expect("answered");
    assert!(matches!(refused, PurchaseAnswer::Error { text } if text.contains("limit purchase")));
    dev.interrupt();
    let dev = Dev::start(&data);
    let (amount, ..) = ok(dev.client().new_purchase(Endpoint::Test, &large).await.expect("answered"));
    assert_eq!(amount, 15_000_000_000);
}

#[tokio::test]
async fn a_purchase_paid_in_bytes_is_proven_by_its_unit() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    let unit = dev.lines.iter().find_map(|line| line.strip_prefix("purchase_unit="));
    let unit = unit.and_then(|line| line.split(' ').next()).expect("somebody has paid the sample shop");
    let mut request = purchase("1001", address("customer"), "0.1");
    request.currency = "GBYTE".into();
    request.purchase_unit = unit.into();
    let answer = settle(&dev.client(), Endpoint::Test, &request).await;
    assert_eq!(ok(answer).0, 20_000_000, "20 % of a tenth of a GBYTE");
    let show = ["purchase", "show", "1001", "--partner", "demo-shop", "--endpoint", "test", "--data-dir"];
    let (good, shown) = run(&[&show[..], &[argument(&data)]].concat());
    assert!(good && shown.contains(&format!("\npaid by   {unit}\n")), "{shown}");
    assert!(shown.contains(&format!("  purchase unit {unit} paid 100000000 bytes: ")), "{shown}");
    request.order_id = "1002".into();
    let again = dev.client().new_purchase(Endpoint::Test, &request).await.expect("answered");
    assert!(matches!(again, PurchaseAnswer::Error { text } if text.contains("used for another purchase")));

    let list = ["partner", "address", "demo-shop", "--data-dir", argument(&data)];
    let (good, listed) = run(&list);
    assert!(good && listed.lines().count() == 2, "one at each endpoint: {listed}");
    let till = listed.split(' ').nth(1).expect("an address").to_owned();
    let more = |more: &[&str]| run(&[&list[..], more].concat());
    let (good, text) = more(&["--remove", &till]);
    assert!(!good && text.contains("--endpoint"), "{text}");
    let gateway = address("a gateway").to_string();
    assert!(more(&["--endpoint", "test", "--remove", &till, "--gateway", &gateway]).0);
    let (_, listed) = more(&["--endpoint", "test", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(listed.as_array().expect("a list").len(), 1);
    assert_eq!((&listed[0]["address"], &listed[0]["role"]), (&gateway.into(), &"gateway".into()));
    assert!(!more(&["--endpoint", "test", "--remove", &till]).0, "it is not there any more");
}
