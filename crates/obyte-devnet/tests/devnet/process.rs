//! The devnet as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use obyte::{Address, UnitHash};

pub(crate) struct Process {
    child: Child,
    /// Its hubs.
    pub(crate) urls: Vec<String>,
    pub(crate) provider: Address,
    pub(crate) genesis: UnitHash,
    /// Where it takes orders, if it does.
    pub(crate) control: Option<String>,
}

impl Process {
    /// Starts it, and returns when it is ready.
    pub(crate) fn start(dir: &Path, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_obyte-devnet"))
            .args(["--listen", "127.0.0.1:0", "--data-dir"])
            .arg(dir)
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let lines: Vec<_> =
            lines.map(|line| line.expect("text")).take_while(|line| line != "ready").collect();
        let values = |name: &str| {
            let start = format!("{name} ");
            lines.iter().filter_map(|line| line.strip_prefix(&start)).map(str::to_owned).collect::<Vec<_>>()
        };
        Self {
            child,
            urls: values("hub"),
            provider: values("order-provider")[0].parse().expect("an address"),
            genesis: values("genesis")[0].parse().expect("a hash"),
            control: values("control").pop(),
        }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn interrupt(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().expect("kill exists").success());
        let status = self.child.wait().expect("it ends");
        assert!(status.success(), "{status}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Where the test failed before it killed the process.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
