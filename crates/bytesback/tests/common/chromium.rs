//! Pages as Chromium shows them.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What a page of the test has seen of others: `WORK` in it stands for them, and what it leaves in the element
/// `seen` is JSON in base64.
pub(crate) fn seen(viewer: &str, work: &[Value]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    // It stands within a script.
    let work = serde_json::to_string(work).expect("JSON").replace("</", "<\\/");
    let file = folder.path().join("viewer.html");
    fs::write(&file, viewer.replace("WORK", &work)).expect("written");
    let dom = dump(folder.path(), &file);
    let seen = dom.split("<pre id=\"seen\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let seen = seen.unwrap_or_else(|| panic!("Chromium has seen nothing: {}", &dom[..dom.len().min(2000)]));
    let seen = data_encoding::BASE64.decode(seen.as_bytes()).expect("base64");
    serde_json::from_slice(&seen).expect("JSON")
}

/// The document when its scripts have run.
fn dump(folder: &Path, file: &Path) -> String {
    let out = folder.join("dom.html");
    let mut child = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args([
            "--disable-dev-shm-usage",
            "--window-size=1400,900",
            "--virtual-time-budget=10000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .stdout(fs::File::create(&out).expect("a file"))
        .stderr(Stdio::null())
        .spawn()
        .expect("chromium is installed: ./test does that");
    let begun = Instant::now();
    while child.try_wait().expect("it is ours").is_none() {
        if begun.elapsed() > Duration::from_secs(120) {
            let _ = child.kill();
            panic!("Chromium does not end");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    fs::read_to_string(out).expect("UTF-8")
}
