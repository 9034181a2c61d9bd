//! A Chromium without a window that a test drives: it opens pages, presses the mouse, and reads what is shown.
//!
//! It is asked over its own protocol (DevTools), which stands outside of the page: nothing here is subject to a
//! page's policy or changes it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);
const LISTENING: &str = "DevTools listening on ws://";

/// One page in a browser of its own.
pub(crate) struct Page {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    last: u64,
    /// What the browser has complained of: what a policy has blocked, and what could not be loaded.
    pub(crate) complaints: Vec<String>,
    child: Child,
    _profile: tempfile::TempDir,
}

impl Page {
    /// Starts a browser with an empty page.
    pub(crate) async fn open() -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let mut child = Command::new("chromium")
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--disable-dev-shm-usage", "--window-size=390,800", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("chromium is installed: ./test does that");
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines().map_while(Result::ok);
        let (say, said) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || {
            let mut lines = lines;
            let found =
                lines.find_map(|line| Some(line.strip_prefix(LISTENING)?.split('/').next()?.to_owned()));
            let _ = say.send(found);
            // It may go on writing.
            lines.for_each(drop);
        });
        let host = tokio::time::timeout(PATIENCE, said).await.expect("in time").expect("it was read");
        let url = page_url(&host.expect("Chromium listens")).await;
        let (socket, _) = connect_async(url).await.expect("it listens");
        let mut page = Self { socket, last: 0, complaints: Vec::new(), child, _profile: profile };
        for domain in ["Page", "Log", "Runtime"] {
            page.ask(&format!("{domain}.enable"), json!({})).await;
        }
        page
    }

    /// Opens an address, by GET.
    pub(crate) async fn goes_to(&mut self, url: &str) {
        let answer = self.ask("Page.navigate", json!({ "url": url })).await;
        assert!(answer["errorText"].is_null(), "{answer}");
        self.shows(|page| page.contains("<main")).await;
    }

    /// Waits until the page is such, and gives all of it.
    pub(crate) async fn shows(&mut self, such: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let is_loaded = self.value("document.readyState").await == "complete";
            let page = self.value("document.documentElement.outerHTML").await;
            // Between two documents there is none.
            let page = page.as_str().unwrap_or_default();
            if is_loaded && such(page) {
                return page.to_owned();
            }
            assert!(Instant::now() < deadline, "waited in vain: {page}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses the mouse in the middle of the element.
    pub(crate) async fn clicks(&mut self, selector: &str) {
        let place = format!(
            "(() => {{ const one = document.querySelector({selector:?}); one.scrollIntoView(); \
             const box = one.getBoundingClientRect(); \
             return [box.x + box.width / 2, box.y + box.height / 2]; }})()"
        );
        let place = self.value(&place).await;
        for kind in ["mousePressed", "mouseReleased"] {
            let press =
                json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", press).await;
        }
    }

    /// What an expression is in the page.
    pub(crate) async fn value(&mut self, expression: &str) -> Value {
        let answer =
            self.ask("Runtime.evaluate", json!({ "expression": expression, "returnByValue": true })).await;
        answer["result"]["value"].clone()
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let question = json!({ "id": id, "method": method, "params": params }).to_string();
        self.socket.send(Message::text(question)).await.expect("it is there");
        loop {
            let said = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("in time");
            let Message::Text(text) = said.expect("it is there").expect("it speaks") else { continue };
            let mut said: Value = serde_json::from_str(&text).expect("JSON");
            if said["id"] == id {
                assert!(said["error"].is_null(), "{method}: {said}");
                return said["result"].take();
            }
            if said["method"] == "Log.entryAdded" {
                self.complaints.push(said["params"]["entry"]["text"].to_string());
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the one page of a browser is driven.
async fn page_url(host: &str) -> String {
    let list = reqwest::get(format!("http://{host}/json/list")).await.expect("answered");
    let list: Vec<Value> = list.json().await.expect("JSON");
    let page = list.iter().find(|target| target["type"] == "page").expect("there is a page");
    page["webSocketDebuggerUrl"].as_str().expect("a URL").to_owned()
}
