//! The button in a real browser, under the page's own policy.

use crate::devtools::Page;
use crate::stage::{Bought, Stage};

/// What the words look like, wherever they stand in a page.
fn tells(page: &str, bought: &Bought) -> bool {
    page.contains("textcoin?") || bought.secrets().iter().any(|secret| page.contains(secret.as_str()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_shows_the_words_and_opening_the_link_again_does_not() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    let url = format!("{}{}", stage.inside.url, bought.path);
    let mut page = Page::open().await;
    for _ in 0..2 {
        page.goes_to(&url).await;
        let opened = page.shows(|page| page.contains("<button")).await;
        assert!(!tells(&opened, &bought), "{opened}");
        page.clicks("form button").await;
        let words = bought.textcoin.dashed();
        let shown = page.shows(|page| page.contains(words.as_str())).await;
        assert!(shown.contains(&*bought.textcoin.link()) && shown.contains("<svg"), "{shown}");
        assert_eq!(
            page.value("location.href").await,
            *url,
            "no secret in the address, so none in its history"
        );
    }
    // The page is shown as it is meant to be: nothing of it is against its own policy.
    assert_eq!(page.complaints, Vec::<String>::new());
    assert_eq!(page.value("getComputedStyle(document.querySelector('main')).maxWidth").await, "600px");
    stage.end().await;
}

/// Else the test above would say nothing of the policy.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_or_a_picture_that_got_into_the_page_would_be_blocked() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    let mut page = Page::open().await;
    page.goes_to(&format!("{}{}", stage.inside.url, bought.path)).await;
    for (more, blocked) in [
        ("const one = document.createElement('script'); one.text = 'window.ran = true'", "script"),
        ("const one = document.createElement('img'); one.src = '/stolen.png'", "image"),
        ("const one = document.createElement('style'); one.textContent = 'main { color: red }'", "style"),
    ] {
        let before = page.complaints.len();
        page.value(&format!("(() => {{ {more}; document.body.append(one); }})()")).await;
        page.shows(|_| true).await;
        let said = &page.complaints[before..];
        assert!(said.iter().any(|said| said.contains("Content Security Policy")), "{blocked}: {said:?}");
    }
    assert!(page.value("window.ran").await.is_null(), "the script has not run");
    stage.end().await;
}
