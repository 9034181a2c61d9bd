//! The server that is loaded: started for it, or anybody's.

mod announcement;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout_at};

use crate::options::Options;
use crate::process::Process;
use announcement::Announcement;

/// How long it may take to become ready.
const READY: Duration = Duration::from_secs(60);
/// How long it may take to end.
const END: Duration = Duration::from_secs(20);

/// A `bytesback dev` of our own. It ends with this value, and its data with it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    dir: TempDir,
    announced: Announcement,
    /// From its start until it said that it is ready.
    pub started_in: Duration,
}

impl Server {
    /// Starts one with an empty data directory, and waits until it is ready.
    ///
    /// # Errors
    /// Where it cannot be built or started, or does not become ready.
    pub async fn start(options: &Options) -> anyhow::Result<Self> {
        let program = match &options.server {
            Some(program) => program.clone(),
            None => built()?,
        };
        let parent = options.data_dir.clone().unwrap_or_else(std::env::temp_dir);
        let dir = tempfile::Builder::new().prefix("bytesback-bench-").tempdir_in(&parent);
        let dir = dir.with_context(|| format!("cannot make a directory in {}", parent.display()))?;
        let begun = Instant::now();
        let mut child = command(&program, dir.path(), options)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let lines = lines_of(&mut child);
        // From here on dropping ends the process.
        let mut server = Self { child, dir, announced: Announcement::default(), started_in: Duration::ZERO };
        server.announced = announcement(lines).await?;
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.announced.url
    }

    /// The hub that it uses.
    pub fn hub(&self) -> &str {
        &self.announced.hub
    }

    /// The process.
    pub fn process(&self) -> Process {
        Process::new(self.child.id())
    }

    /// The directory of its data.
    pub fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Runs the command that fills the fund of the loaded endpoint.
    ///
    /// # Errors
    /// Where it fails.
    pub fn fund(&self, options: &Options) -> anyhow::Result<()> {
        let Some(command) = &options.fund_command else { return Ok(()) };
        let address = self.announced.fund_of(options.endpoint).context("the server named no fund")?;
        let command = command.replace("{address}", address.as_str());
        let status = Command::new("sh").args(["-c", &command]).status().context("there is no sh")?;
        ensure!(status.success(), "the command of --fund-command failed: {status}");
        Ok(())
    }

    /// Ends it as Ctrl-C does, and waits for it.
    ///
    /// # Errors
    /// Where it does not end by itself, or ends badly.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no such process")?;
        kill_process(pid, Signal::INT).context("the server ended before it was told to")?;
        let deadline = Instant::now() + END;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            sleep(Duration::from_millis(20)).await;
        }
        bail!("the server did not end within {} s of SIGINT", END.as_secs())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(program: &Path, data_dir: &Path, options: &Options) -> Command {
    let mut command = Command::new(program);
    command.args(["dev", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
    match &options.hub {
        Some(hub) => command.args(["--hub", hub]),
        None => command.args(["--fees", options.fees.name()]),
    };
    if let Some(order_provider) = options.order_provider {
        command.args(["--order-provider", order_provider.as_str()]);
    }
    if std::env::var_os("RUST_LOG").is_none() {
        command.env("RUST_LOG", "warn");
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    command
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
            Ok(None) => bail!("the server ended before it was ready; it says above why"),
            Err(_) => bail!("the server was not ready within {} s", READY.as_secs()),
        }
    }
    ensure!(
        !announced.url.is_empty() && !announced.hub.is_empty(),
        "the server did not say where it listens"
    );
    Ok(announced)
}

/// The server's program beside this one, built anew if this one was run by cargo.
fn built() -> anyhow::Result<PathBuf> {
    ensure!(!cfg!(debug_assertions), "figures of a debug build mean nothing: run with --release");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--release", "-p", "bytesback"]).current_dir(workspace);
        ensure!(build.status().context("cargo is gone")?.success(), "the server cannot be built");
    }
    let program = std::env::current_exe()?.with_file_name("bytesback");
    ensure!(program.exists(), "there is no {}; name the server with --server", program.display());
    Ok(program)
}
