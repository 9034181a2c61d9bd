//! A process of our own: it says when it is ready, and ends with the value that stands for it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout_at};

use super::announcement::Announcement;
use crate::process::Process;

/// How long it may take to become ready.
const READY: Duration = Duration::from_secs(60);
/// How long it may take to end.
const END: Duration = Duration::from_secs(30);

/// A process that was started, and what it announced.
#[derive(Debug)]
pub(super) struct Daemon {
    child: Child,
    pub(super) announced: Announcement,
    /// From its start until it said that it is ready.
    pub(super) started_in: Duration,
}

impl Daemon {
    /// Starts it, and waits until it is ready.
    pub(super) async fn start(mut command: Command) -> anyhow::Result<Self> {
        if std::env::var_os("RUST_LOG").is_none() {
            command.env("RUST_LOG", "warn");
        }
        let begun = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        let mut child = child.with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let lines = lines_of(&mut child);
        // From here on dropping ends the process.
        let mut daemon = Self { child, announced: Announcement::default(), started_in: Duration::ZERO };
        daemon.announced = announcement(lines).await?;
        daemon.started_in = begun.elapsed();
        Ok(daemon)
    }

    /// The process.
    pub(super) fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// Ends it as Ctrl-C does, and waits for it.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no such process")?;
        kill_process(pid, Signal::INT).context("a process ended before it was told to")?;
        let deadline = Instant::now() + END;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "a process ended with {status}");
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        bail!("a process did not end within {} s of SIGINT", END.as_secs())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // After `stop` there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines that a process prints, read by a thread so that it never waits for us.
fn lines_of(child: &mut Child) -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    let stdout = child.stdout.take().expect("it was asked for");
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // After the announcement nobody listens, and the pipe is emptied all the same.
            let _ = sender.send(line);
        }
    });
    lines
}

async fn announcement(mut lines: mpsc::UnboundedReceiver<String>) -> anyhow::Result<Announcement> {
    let deadline = tokio::time::Instant::now() + READY;
    let mut announced = Announcement::default();
    while !announced.ready {
        match timeout_at(deadline, lines.recv()).await {
            Ok(Some(line)) => announced.read(&line),
            Ok(None) => bail!("a process ended before it was ready; it says above why"),
            Err(_) => bail!("a process was not ready within {} s", READY.as_secs()),
        }
    }
    Ok(announced)
}
