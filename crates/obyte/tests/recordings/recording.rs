//! The files.

use std::path::Path;

use serde_json::Value;

/// One connection.
pub(crate) struct Recording {
    pub(crate) name: String,
    /// The first line: what the wallet trusted.
    pub(crate) meta: Value,
    /// What was answered, in the order of the answers.
    pub(crate) exchanges: Vec<Exchange>,
}

/// A request of ours and its answer.
pub(crate) struct Exchange {
    /// When the answer came, in seconds since 1970.
    pub(crate) at: u64,
    pub(crate) command: String,
    pub(crate) params: Value,
    pub(crate) response: Value,
}

/// All of them, in the order in which they were made.
pub(crate) fn all() -> Vec<Recording> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings/data");
    let entries = std::fs::read_dir(directory).expect("the recordings are there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 7);
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Recording {
    let text = std::fs::read_to_string(path).expect("readable");
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    let meta = lines.next().expect("the first line");
    let started = meta["started"].as_u64().expect("a time");
    let (mut open, mut exchanges): (Vec<Value>, _) = (Vec::new(), Vec::new());
    for line in lines {
        let Some(frame) = line["frame"].as_str() else { continue };
        let mut frame: Value = serde_json::from_str(frame).expect("a frame is JSON");
        if line["dir"] == "out" && frame[0] == "request" {
            open.push(frame[1].take());
        } else if line["dir"] == "in" && frame[0] == "response" {
            let is_asked = |request: &Value| request["tag"] == frame[1]["tag"];
            let place = open.iter().position(is_asked).expect("an answer to what was asked");
            let mut request = open.remove(place);
            exchanges.push(Exchange {
                at: started + line["t_ms"].as_u64().expect("a time") / 1000,
                command: request["command"].as_str().expect("a command").to_owned(),
                params: request["params"].take(),
                response: frame[1]["response"].take(),
            });
        }
    }
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    Recording { name, meta, exchanges }
}

impl Recording {
    /// What was answered to a command.
    pub(crate) fn of<'a>(&'a self, command: &'a str) -> impl Iterator<Item = &'a Exchange> {
        self.exchanges.iter().filter(move |exchange| exchange.command == command)
    }
}

/// A list of texts, which may be missing.
pub(crate) fn parsed<T: std::str::FromStr>(list: &Value) -> Vec<T> {
    let texts = list.as_array().into_iter().flatten();
    texts.map(|text| text.as_str().and_then(|text| text.parse().ok()).expect("well-formed")).collect()
}
