//! How a textcoin stands, and how often it is shown.

use reqwest::Method;

use crate::stage::{BASE, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_claimed_or_over_is_said_and_shows_no_words() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    let words = bought.textcoin.dashed();
    let (_, page) = stage.text(Method::POST, &bought.path).await;
    assert!(page.contains(words.as_str()), "it is there");
    let ended = |outcome: &str| {
        format!(
            "UPDATE textcoins SET outcome = '{outcome}', ended_by = 'oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=', ended_at = 5, ended_no = 7"
        )
    };
    let open = "UPDATE textcoins SET outcome = NULL, ended_by = NULL, ended_at = NULL, ended_no = NULL";
    for (change, said) in [
        (ended("claimed"), "This cashback was claimed"),
        (ended("taken back"), "The time for this cashback is over"),
        (format!("{open}, expires_at = 1000"), "The time for this cashback is over"),
    ] {
        stage.change(&change);
        for method in [Method::GET, Method::POST] {
            let (status, page) = stage.text(method, &bought.path).await;
            assert_eq!(status, 200);
            assert!(page.contains(said) && page.contains("0.005 GBYTE"), "{page}");
            assert!(!page.contains(words.as_str()) && !page.contains("textcoin?") && !page.contains("<form"));
        }
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_shown_some_times_and_opening_is_never_too_often() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    let words = bought.textcoin.dashed();
    for _ in 0..30 {
        assert_eq!(stage.text(Method::GET, &bought.path).await.0, 200);
    }
    for _ in 0..10 {
        let (status, page) = stage.text(Method::POST, &bought.path).await;
        assert!(status == 200 && page.contains(words.as_str()));
    }
    let refused = stage.ask(Method::POST, &bought.path, "en").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "600");
    assert!(!refused.text().await.expect("text").contains(words.as_str()));
    assert_eq!(stage.text(Method::GET, &bought.path).await.0, 200);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_speaks_russian_to_who_wants_that() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    for method in [Method::GET, Method::POST] {
        let answer = stage.ask(method, &bought.path, "ru-RU,ru;q=0.9,en;q=0.8").await;
        let page = answer.text().await.expect("text");
        assert!(page.contains("<html lang=\"ru\">") && page.contains("0,005&nbsp;GBYTE"), "{page}");
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_configuration_there_is_no_page_and_links_hold_the_words() {
    let stage = Stage::with(None).await;
    let bought = stage.buy("1").await;
    for method in [Method::GET, Method::POST] {
        assert_eq!(stage.text(method, &bought.path).await.0, 404);
    }
    let link = |page| bytesback::claim::link(page, store::Endpoint::Test, &stage.keys, bought.no);
    assert_eq!(link(None).expect("not skipped"), bought.textcoin.link());
    let page = BASE.parse().expect("an address");
    assert_eq!(*link(Some(&page)).expect("not skipped"), format!("{BASE}{}", bought.path));
    stage.end().await;
}
