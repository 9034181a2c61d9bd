//! The pages in Chromium: shown in frames without scripts, at the widths of phones and of a desk.

use reqwest::Method;
use serde_json::{Value, json};

use crate::chromium;
use crate::stage::Stage;

const WIDTHS: [u32; 3] = [320, 390, 1280];

/// Shows the pages in frames, looks at each, and writes down what it has seen.
const VIEWER: &str = r#"<!doctype html><meta charset="utf-8">
<body><script>
const work = WORK;
const frames = work.map(({ html, width }) => new Promise((shown) => {
  const frame = document.createElement('iframe');
  frame.style.cssText = `width:${width}px;height:800px;border:0`;
  frame.sandbox = 'allow-same-origin';
  frame.onload = () => shown(frame);
  frame.srcdoc = html;
  document.body.append(frame);
}));
Promise.all(frames).then((frames) => setTimeout(() => {
  const seen = frames.map((frame, index) => {
    const page = frame.contentDocument;
    const beyond = [...page.body.querySelectorAll('*')].filter(
      (one) => one.getBoundingClientRect().right > work[index].width + 0.5);
    const button = page.querySelector('.button');
    const code = page.querySelector('svg');
    const style = frame.contentWindow.getComputedStyle(page.querySelector('main'));
    return {
      wide: page.documentElement.scrollWidth,
      beyond: beyond.map((one) => one.tagName),
      button: button ? button.getBoundingClientRect().height : 0,
      code: code ? code.getBoundingClientRect().width : 0,
      scripts: page.scripts.length,
      requests: frame.contentWindow.performance.getEntriesByType('resource').length,
      styled: style.maxWidth === '600px',
      text: page.body.innerText.length,
    };
  });
  document.body.replaceChildren(Object.assign(document.createElement('pre'), {
    id: 'seen', textContent: btoa(JSON.stringify(seen)) }));
}, 200));
</script>"#;

/// What Chromium has seen of each page at each width.
fn look(pages: &[String]) -> Vec<Value> {
    let at_each_width = |html: &String| WIDTHS.map(|width| json!({ "html": html, "width": width }));
    let work: Vec<_> = pages.iter().flat_map(at_each_width).collect();
    chromium::seen(VIEWER, &work)
}

fn is_good(seen: &Value, width: u32) -> bool {
    seen["wide"].as_u64() <= Some(u64::from(width))
        && seen["beyond"] == json!([])
        && seen["scripts"] == 0
        && seen["requests"] == 0
        && seen["styled"] == true
        && seen["text"].as_u64() > Some(50)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_fit_phones_and_desks_without_scripts_and_load_nothing() {
    let stage = Stage::set().await;
    let bought = stage.buy("1").await;
    let long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    let mut pages = Vec::new();
    let mut wanted = Vec::new();
    for language in ["en", "ru"] {
        for (method, path, parts) in [
            (Method::GET, bought.path.as_str(), (true, false)),
            (Method::POST, bought.path.as_str(), (true, true)),
            (Method::GET, "/test/claim/unknown", (false, false)),
        ] {
            let page = stage.ask(method, path, language).await.text().await.expect("text");
            pages.push(page.replace("demo-shop", long));
            wanted.push(parts);
        }
    }
    stage.end().await;
    let seen = tokio::task::spawn_blocking(move || look(&pages)).await.expect("no panic");
    assert_eq!(seen.len(), wanted.len() * WIDTHS.len());
    for (index, seen) in seen.iter().enumerate() {
        let ((has_button, has_code), width) = (wanted[index / WIDTHS.len()], WIDTHS[index % WIDTHS.len()]);
        assert!(is_good(seen, width), "page {} at {width}: {seen}", index / WIDTHS.len());
        // A finger needs 44 pixels, a camera some more.
        assert_eq!(seen["button"].as_f64() >= Some(44.0), has_button, "{seen}");
        assert_eq!(seen["code"].as_f64() >= Some(200.0), has_code, "{seen}");
    }
}

#[test]
fn a_page_that_is_too_wide_or_has_a_script_is_found_out() {
    let page = |more: &str| {
        format!(
            "<html><head><style>main{{max-width:600px}}</style></head><body><main>{}{more}</main></body></html>",
            "x ".repeat(60)
        )
    };
    let pages = [page(""), page("<div style=\"width:2000px\">x</div>"), page("<script>1</script>")];
    let good: Vec<_> =
        look(&pages).iter().zip(WIDTHS.iter().cycle()).map(|(seen, width)| is_good(seen, *width)).collect();
    assert_eq!(good, [true, true, true, false, false, false, false, false, false]);
}
