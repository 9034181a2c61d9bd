//! Who sees the words, and who does not.

use mail_parser::MessageParser;
use payout::TextcoinNo;
use reqwest::{Method, Response};

use crate::common::until;
use crate::stage::{BASE, Bought, Stage};

/// The status line and headers of an answer but for the date, and its body.
async fn all_of(answer: Response) -> String {
    let mut text = format!("{}\n", answer.status());
    for (name, value) in answer.headers().iter().filter(|(name, _)| *name != "date") {
        text += &format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()));
    }
    text + &answer.text().await.expect("text")
}

fn tells(text: &str, bought: &Bought) -> bool {
    text.contains("#textcoin?")
        || text.contains(":textcoin?")
        || bought.secrets().iter().any(|secret| text.contains(secret.as_str()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_only_opens_a_link_sees_nothing_of_the_words() {
    let stage = Stage::set().await;
    let (one, two) = tokio::join!(stage.buy("1"), stage.buy("2"));
    for round in 0..3 {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::PUT, Method::TRACE] {
            for path in [one.path.clone(), format!("{}?reveal=1", one.path), format!("{}/", one.path)] {
                let answer = all_of(stage.ask(method.clone(), &path, "en").await).await;
                assert!(!tells(&answer, &one), "{method} {path}, round {round}: {answer}");
            }
        }
    }
    // What two pages have in common tells nothing of either: word by word.
    let pages = [&one, &two].map(|bought| stage.ask(Method::GET, &bought.path, "en"));
    let [first, second] = pages.map(|page| async { all_of(page.await).await });
    let (first, second) = tokio::join!(first, second);
    let without_time = |page: &str| {
        let (before, after) = page.split_once("Get it until <strong>").expect("it says until when");
        format!("{before}{}", after.split_once("</strong>").expect("it ends").1)
    };
    assert_eq!(without_time(&first), without_time(&second));
    assert!(first.contains("demo-shop") && first.contains("0.005&nbsp;GBYTE"), "{first}");
    assert!(first.contains("<form method=\"post\"><button"), "{first}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_button_shows_the_words_in_all_their_forms() {
    let stage = Stage::set().await;
    let (one, two) = tokio::join!(stage.buy("1"), stage.buy("2"));
    for bought in [&one, &two] {
        let (status, page) = stage.text(Method::POST, &bought.path).await;
        assert_eq!(status, 200);
        let words = bought.textcoin.dashed();
        let network = obyte::Network::Devnet;
        for wanted in [&*bought.textcoin.link(), &*bought.textcoin.uri(network), &words] {
            assert!(page.contains(wanted.as_str()), "it is shown");
        }
        assert!(page.contains("<svg class=\"code\"") && page.contains("https://obyte.org<"), "{page}");
        // Afterwards as before.
        let (_, again) = stage.text(Method::GET, &bought.path).await;
        assert!(!tells(&again, bought));
    }
    assert_ne!(*one.textcoin.dashed(), *two.textcoin.dashed());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cache_index_frame_or_referrer_gets_to_know_of_a_page() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    for (method, path) in [
        (Method::GET, bought.path.as_str()),
        (Method::POST, bought.path.as_str()),
        (Method::GET, "/test/claim/unknown"),
    ] {
        let answer = stage.ask(method, path, "ru").await;
        let header =
            |name: &str| answer.headers().get(name).map_or("", |value| value.to_str().expect("text"));
        assert_eq!(header("content-type"), "text/html; charset=utf-8");
        assert_eq!(header("cache-control"), "no-store, private");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-robots-tag"), "noindex, nofollow, noarchive");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("content-language"), "ru");
        assert_eq!(header("access-control-allow-origin"), "", "no script of another page reads it");
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_were_never_given_lead_nowhere_all_in_the_same_way() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    let token = bought.path.rsplit('/').next().expect("a token").to_owned();
    let later = TextcoinNo { counter: bought.no.counter + 1, ..bought.no };
    let other = TextcoinNo { generation: bought.no.generation + 1, ..bought.no };
    let mut seen = Vec::new();
    for (prefix, unknown) in [
        ("/test/claim/", "A".repeat(32)),
        ("/test/claim/", token[1..].to_owned()),
        ("/test/claim/", format!("{token}A")),
        ("/test/claim/", "x".repeat(5000)),
        ("/test/claim/", "%D1%8F%00".to_owned()),
        ("/test/claim/", "%FF".to_owned()),
        ("/test/claim/", stage.keys.token(later).to_string()),
        ("/test/claim/", stage.keys.token(other).to_string()),
        ("/test/claim/", stage.live_keys.token(bought.no).to_string()),
        ("/claim/", token),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = all_of(stage.ask(method, &format!("{prefix}{unknown}"), "en").await).await;
            assert!(answer.starts_with("404") && !tells(&answer, &bought), "{unknown}: {answer}");
            seen.push(answer);
        }
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:#?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mail_leads_to_the_page_and_holds_no_words() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    until("a mail is written", async || !stage.mails().is_empty()).await;
    let mails = stage.mails();
    let mail = MessageParser::default().parse(&mails[0]).expect("a mail");
    let parts = [mail.body_text(0), mail.body_html(0)].map(|part| part.expect("it has both").into_owned());
    for part in parts {
        assert!(part.contains(&format!("{BASE}{}", bought.path)), "{part}");
        assert!(!tells(&part, &bought), "{part}");
    }
    stage.end().await;
}
