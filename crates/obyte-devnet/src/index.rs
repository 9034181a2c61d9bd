//! Which units touch an address: the index behind histories and balances.
//!
//! Addresses come by the million where cashback is paid, so only the newest entries stay in memory.
//! Full buffers are sorted and written as runs to a file without a name; runs of equal size are merged,
//! so that a look-up searches few of them. The index is derived: it is built again at every start.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::iter::Peekable;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::dag::Id;

/// How many entries stay in memory.
const BUFFER: usize = 1 << 15;
const ENTRY: usize = 12;

/// The part of an address by which it is found: eight of its twenty bytes.
pub(crate) type Key = u64;
type Entry = (Key, Id);

/// Pairs of address and unit.
#[derive(Debug)]
pub(crate) struct AddressIndex {
    dir: PathBuf,
    /// In the order of arrival.
    recent: Vec<Entry>,
    runs: Vec<Run>,
}

/// Sorted entries in a file that vanishes with the process.
#[derive(Debug)]
struct Run {
    file: File,
    len: u64,
    /// How often its entries were merged.
    generation: u32,
}

impl AddressIndex {
    /// An empty index that writes to the directory.
    pub(crate) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), recent: Vec::new(), runs: Vec::new() }
    }

    /// Notes that a unit touches an address. Each pair comes once.
    pub(crate) fn insert(&mut self, address: Key, unit: Id) -> io::Result<()> {
        self.recent.push((address, unit));
        if self.recent.len() >= BUFFER {
            let mut full = std::mem::take(&mut self.recent);
            full.sort_unstable();
            let run = self.write(full.into_iter().map(Ok), 0)?;
            self.runs.push(run);
            self.merge()?;
        }
        Ok(())
    }

    /// The units that touch an address, oldest first.
    pub(crate) fn units(&self, address: Key) -> io::Result<Vec<Id>> {
        let mut units = Vec::new();
        for run in &self.runs {
            run.find(address, &mut units)?;
        }
        units.extend(self.recent.iter().filter(|entry| entry.0 == address).map(|&(_, unit)| unit));
        units.sort_unstable();
        Ok(units)
    }

    /// Merges the two newest runs as long as they are of the same generation.
    fn merge(&mut self) -> io::Result<()> {
        while let [.., older, newer] = self.runs.as_slice() {
            if older.generation != newer.generation {
                return Ok(());
            }
            let merged = Merge { a: older.entries()?.peekable(), b: newer.entries()?.peekable() };
            let run = self.write(merged, older.generation + 1)?;
            self.runs.truncate(self.runs.len() - 2);
            self.runs.push(run);
        }
        Ok(())
    }

    fn write(&self, entries: impl Iterator<Item = io::Result<Entry>>, generation: u32) -> io::Result<Run> {
        let path = self.dir.join("index.tmp");
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        std::fs::remove_file(&path)?;
        let mut out = BufWriter::new(&file);
        let mut len = 0;
        for entry in entries {
            let (address, unit) = entry?;
            out.write_all(&address.to_be_bytes())?;
            out.write_all(&unit.to_be_bytes())?;
            len += 1;
        }
        out.flush()?;
        drop(out);
        Ok(Run { file, len, generation })
    }
}

impl Run {
    fn entry(&self, at: u64) -> io::Result<Entry> {
        let mut bytes = [0; ENTRY];
        self.file.read_exact_at(&mut bytes, at * ENTRY as u64)?;
        Ok(decode(&bytes))
    }

    /// Adds the units of an address, found by bisection.
    fn find(&self, address: Key, units: &mut Vec<Id>) -> io::Result<()> {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.entry(middle)?.0 < address { low = middle + 1 } else { high = middle }
        }
        while low < self.len {
            let (found, unit) = self.entry(low)?;
            if found != address {
                break;
            }
            units.push(unit);
            low += 1;
        }
        Ok(())
    }

    fn entries(&self) -> io::Result<impl Iterator<Item = io::Result<Entry>> + '_> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::with_capacity(1 << 16, file);
        Ok((0..self.len).map(move |_| {
            let mut bytes = [0; ENTRY];
            reader.read_exact(&mut bytes)?;
            Ok(decode(&bytes))
        }))
    }
}

/// Two sorted sequences as one.
struct Merge<A: Iterator, B: Iterator> {
    a: Peekable<A>,
    b: Peekable<B>,
}

impl<A, B> Iterator for Merge<A, B>
where
    A: Iterator<Item = io::Result<Entry>>,
    B: Iterator<Item = io::Result<Entry>>,
{
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.a.peek(), self.b.peek()) {
            (Some(Ok(a)), Some(Ok(b))) if b < a => self.b.next(),
            (Some(_), _) => self.a.next(),
            (None, _) => self.b.next(),
        }
    }
}

fn decode(bytes: &[u8; ENTRY]) -> Entry {
    let (address, unit) = bytes.split_at(8);
    let address = address.try_into().expect("eight bytes were split off");
    (Key::from_be_bytes(address), Id::from_be_bytes(unit.try_into().expect("four bytes are left")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_an_address_is_found_in_memory_and_on_disk() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut index = AddressIndex::new(dir.path());
        let count = Id::try_from(BUFFER * 5 + 7).expect("small");
        for unit in 0..count {
            // Every thousandth unit touches the same address.
            let address = if unit % 1000 == 0 { 5 } else { u64::from(unit) * 77_777_777_777 };
            index.insert(address, unit).expect("written");
        }
        assert_eq!(index.runs.iter().map(|run| run.generation).collect::<Vec<_>>(), [2, 0]);
        let expected: Vec<_> = (0..count).step_by(1000).collect();
        assert_eq!(index.units(5).expect("readable"), expected);
        assert_eq!(index.units(77_777_777_777).expect("readable"), [1]);
        assert_eq!(index.units(6).expect("readable"), [0; 0]);
        assert_eq!(std::fs::read_dir(dir.path()).expect("readable").count(), 0, "no file is left");
    }
}
