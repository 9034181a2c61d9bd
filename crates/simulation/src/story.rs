//! What happened, line by line: always as a digest, and as text where somebody wants to read it.

use std::collections::VecDeque;
use std::fmt::{self, Write};

/// So many lines are kept; the end of a story tells most.
const LINES_MAX: usize = 4000;

/// A running digest of lines, and perhaps the lines.
#[derive(Debug)]
pub(crate) struct Story {
    digest: Digest,
    lines: Option<VecDeque<String>>,
    told: usize,
}

/// FNV-1a over text.
#[derive(Debug)]
struct Digest(u64);

impl Write for Digest {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

impl Story {
    pub(crate) fn new(keeps_lines: bool) -> Self {
        Self { digest: Digest(0xcbf2_9ce4_8422_2325), lines: keeps_lines.then(VecDeque::new), told: 0 }
    }

    /// `at` is in milliseconds since the beginning of the world.
    pub(crate) fn tell(&mut self, at: u64, line: fmt::Arguments<'_>) {
        writeln!(self.digest, "{at} {line}").expect("a digest takes everything");
        self.told += 1;
        if let Some(lines) = &mut self.lines {
            if lines.len() == LINES_MAX {
                lines.pop_front();
            }
            lines.push_back(format!("{:>9}.{:03}  {line}", at / 1000, at % 1000));
        }
    }

    pub(crate) const fn digest(&self) -> u64 {
        self.digest.0
    }

    /// The last lines, and how many there were before them.
    pub(crate) fn into_lines(self) -> Vec<String> {
        let lines = self.lines.unwrap_or_default();
        let before = self.told - lines.len();
        let opening = (before > 0 && !lines.is_empty()).then(|| format!("({before} lines before these)"));
        opening.into_iter().chain(lines).collect()
    }
}
