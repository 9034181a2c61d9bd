//! The page of a mail in Chromium.
//!
//! Each page is shown in frames of several widths, as mail programs do. The frames may load nothing: where a
//! page asks for anything, the browser reports it.

use bytesback::mail::{Kind, Language, Letter, Office, Sender, Templates, sample};
use serde_json::{Value, json};

use crate::chromium;

const WIDTHS: [u32; 3] = [320, 390, 1280];

/// Shows the pages in frames, looks at each, and writes down what it has seen.
const VIEWER: &str = r#"<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'nonce-n'; style-src 'unsafe-inline'; img-src data:">
<body><script nonce="n">
const work = WORK;
const seen = work.map(() => ({ violations: 0 }));
const frames = work.map(({ html, width }, index) => new Promise((shown) => {
  const frame = document.createElement('iframe');
  frame.style.cssText = `width:${width}px;height:800px;border:0`;
  frame.onload = () => shown(frame);
  frame.srcdoc = html.replace('<head>', `<head><script nonce="n">
    parent.watch(${index}, window)<\/script>`);
  document.body.append(frame);
}));
function watch(index, inside) {
  inside.document.addEventListener('securitypolicyviolation', () => { seen[index].violations += 1; });
}
Promise.all(frames).then((frames) => setTimeout(() => {
  frames.forEach((frame, index) => {
    const page = frame.contentDocument;
    const link = [...page.links].find((one) => one.href === work[index].link && one.offsetHeight > 0);
    const beyond = [...page.body.querySelectorAll('*')].filter(
      (one) => one.getBoundingClientRect().right > work[index].width + 0.5);
    const image = page.images[0];
    Object.assign(seen[index], {
      wide: page.documentElement.scrollWidth,
      beyond: beyond.map((one) => one.tagName),
      button: link ? link.getBoundingClientRect().height : 0,
      linkAsText: page.body.innerText.includes(work[index].link),
      code: image ? image.naturalWidth : 0,
      described: image ? image.alt : '',
      requests: frame.contentWindow.performance.getEntriesByType('resource').length,
      text: page.body.innerText.length,
    });
  });
  document.body.replaceChildren(Object.assign(document.createElement('pre'), {
    id: 'seen', textContent: btoa(JSON.stringify(seen.map((one) => ({ ...one, described: one.described.length })))) }));
}, 200));
</script>"#;

/// What Chromium has seen of each page at each width.
fn look(pages: &[(String, String)]) -> Vec<Value> {
    let at_each_width = |(html, link): &(String, String)| {
        WIDTHS.map(|width| json!({ "html": html, "link": link, "width": width }))
    };
    let work: Vec<_> = pages.iter().flat_map(at_each_width).collect();
    chromium::seen(VIEWER, &work)
}

fn page(letter: &Letter) -> (String, String) {
    let from = "Shop <cashback@shop.example>".parse().expect("a mailbox");
    let sender = Sender::new(from, None, None).expect("a sender");
    let office = Office::new(sender, Templates::built_in(), Language::ENGLISH).expect("an office");
    (office.preview(letter).expect("written").html, letter.link.to_string())
}

fn is_good(seen: &Value, width: u32) -> bool {
    seen["wide"].as_u64() <= Some(u64::from(width))
        && seen["beyond"] == json!([])
        // A finger needs 44 pixels.
        && seen["button"].as_f64() >= Some(44.0)
        && seen["linkAsText"] == true
        && seen["code"].as_u64() >= Some(200)
        && seen["described"].as_u64() > Some(5)
        && seen["requests"] == 0
        && seen["violations"] == 0
        && seen["text"].as_u64() > Some(500)
}

#[test]
fn pages_fit_phones_and_desks_and_ask_the_network_for_nothing() {
    let mut letters = Vec::new();
    for language in [Language::ENGLISH, Language::RUSSIAN] {
        for kind in [Kind::Textcoin, Kind::Reminder { days_left: 3 }] {
            letters.push(sample(kind, language.clone()));
        }
        let mut widest = sample(Kind::Textcoin, language);
        widest.shop =
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".into();
        widest.amount = obyte::Bytes::literal(8_999_999_999_999_999);
        letters.push(widest);
    }
    let pages: Vec<_> = letters.iter().map(page).collect();
    let seen = look(&pages);
    assert_eq!(seen.len(), pages.len() * WIDTHS.len());
    for (index, seen) in seen.iter().enumerate() {
        let (letter, width) = (&letters[index / WIDTHS.len()], WIDTHS[index % WIDTHS.len()]);
        assert!(is_good(seen, width), "{letter:?} at {width}: {seen}");
    }
}

#[test]
fn pages_that_are_too_wide_or_load_something_are_found_out() {
    let (html, link) = page(&sample(Kind::Textcoin, Language::ENGLISH));
    let wide = html.replace("<h1", "<div style=\"width:2000px\">x</div><h1");
    let pixel = html.replace("<h1", "<img src=\"http://127.0.0.1:9/pixel.png\" alt=\"\"><h1");
    let style = html.replace("<h1", "<div style=\"background:url(http://127.0.0.1:9/x.png)\">x</div><h1");
    for seen in look(&[(wide, link.clone()), (pixel, link.clone()), (style, link)]).chunks(WIDTHS.len()) {
        assert!(seen.iter().zip(WIDTHS).all(|(seen, width)| !is_good(seen, width)), "{seen:?}");
    }
}
