//! The SMTP server of the tests, a process of its own, and letters to send to it.

#![allow(dead_code, reason = "each test target uses a part of it")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use bytesback::mail::{
    Kind, Language, LetterId, Message, Office, Relay, RelaySettings, Sender, Templates, sample,
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};

/// How long to wait for what should come at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that does as it was told.
pub(crate) struct Smtp {
    pub(crate) port: u16,
    child: Child,
    said: Receiver<Value>,
    // It ends when this is closed.
    _orders: ChildStdin,
}

impl Smtp {
    /// Starts one; the orders are explained in `server/server.js`.
    pub(crate) fn start(orders: Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mail/server");
        assert!(
            folder.join("node_modules/smtp-server").is_dir(),
            "the SMTP server is missing: run ./test, or `npm ci` in {}",
            folder.display()
        );
        let mut child = Command::new("node")
            .arg(folder.join("server.js"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node is installed: ./test does that");
        let mut stdin = child.stdin.take().expect("piped");
        writeln!(stdin, "{orders}").expect("it reads");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        let (say, said) = channel();
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("lines of JSON");
                if say.send(line).is_err() {
                    break;
                }
            }
        });
        let first: Value = said.recv_timeout(PATIENCE).expect("it starts");
        let port = first["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
        Self { port, child, said, _orders: stdin }
    }

    /// The next message that it was handed.
    pub(crate) fn next(&self) -> Value {
        self.said.recv_timeout(PATIENCE).expect("a message arrives")
    }

    /// What else it was handed. Messages are told before they are answered, so nothing is still on its way.
    pub(crate) fn rest(&self) -> Vec<Value> {
        self.said.try_iter().collect()
    }

    /// Settings for this server without anything else.
    pub(crate) fn settings(&self, scheme: &str) -> RelaySettings {
        settings(&format!("{scheme}://localhost:{}", self.port))
    }

    /// A relay over this server without anything else.
    pub(crate) fn plain(&self) -> Relay {
        Relay::new(self.settings("smtp")).expect("it can be")
    }
}

impl Drop for Smtp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn settings(url: &str) -> RelaySettings {
    RelaySettings {
        url: url.to_owned(),
        login: None,
        root: None,
        timeout: Duration::from_secs(10),
        connections: 3,
        hello: "shop.example".to_owned(),
    }
}

/// Who signs certificates.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        pem("CERTIFICATE", self.0.der()).into_bytes()
    }

    /// Orders for a server with a certificate for this name.
    pub(crate) fn orders(&self, tls: &str, name: &str) -> Value {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.0).expect("signed");
        json!({ "tls": tls, "key": pem("PRIVATE KEY", &key.serialize_der()), "cert": pem("CERTIFICATE", certificate.der()) })
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = data_encoding::BASE64.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A message that differs from others by its number.
pub(crate) fn message(number: u32) -> Message {
    let from = "Corner Coffee <cashback@shop.example>".parse().expect("a mailbox");
    let sender = Sender::new(from, None, None).expect("a sender");
    let office = Office::new(sender, Templates::built_in(), Language::ENGLISH).expect("an office");
    let mut letter = sample(Kind::Textcoin, Language::RUSSIAN);
    letter.id = LetterId::of(&number.to_string());
    office.write(&letter).expect("written")
}

/// The bytes of a message as the server got them.
pub(crate) fn content(arrived: &Value) -> Vec<u8> {
    // It tells each byte as a character.
    let text = arrived["content"].as_str().expect("a content");
    text.chars().map(|byte| u8::try_from(u32::from(byte)).expect("a byte")).collect()
}
