//! The file that keeps the units, in the order in which they were accepted.
//!
//! The journal is the whole truth: everything else is derived from it when the devnet starts. A record
//! is the head (compact facts, which the start reads), then the unit's JSON (which is read only when
//! somebody asks for the unit). Records are written at once, so that they survive the process, and
//! synced in groups before anybody is told `accepted`, so that they survive the machine. A record torn
//! at the end of the file is cut off: nobody was told about it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use obyte::hash::sha256;

const MAGIC: &[u8; 16] = b"obyte-devnet 1\n\n";
/// Lengths of head and JSON, then the checksums of both.
const PREFIX: usize = 24;
/// How much of the end of the file has the checksums of its JSON verified at the start.
const VERIFIED_TAIL: u64 = 8 << 20;
/// More than the largest unit (1.1) can need.
const MAX_PART: u32 = 16 << 20;

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    offset: u64,
    head: u32,
    json: u32,
}

impl Place {
    /// The end of the record, which is what has to be synced for it to be durable.
    pub(crate) fn end(self) -> u64 {
        self.offset + u64::from(self.head) + u64::from(self.json)
    }

    /// A place for tests that keep nothing.
    #[cfg(test)]
    pub(crate) fn nowhere() -> Self {
        Self { offset: 0, head: 0, json: 0 }
    }

    /// The length of the JSON.
    pub(crate) fn json_len(self) -> usize {
        self.json as usize
    }
}

/// The open journal. Reading needs no lock.
#[derive(Debug)]
pub(crate) struct Journal {
    file: Arc<File>,
    end: u64,
}

impl Journal {
    /// Opens or creates the file and hands every whole record to `replay`, oldest first.
    ///
    /// What follows the last whole record is cut off.
    pub(crate) fn open<E: From<io::Error>>(
        path: &Path,
        mut replay: impl FnMut(Place, &[u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let len = file.metadata()?.len();
        if len < MAGIC.len() as u64 {
            file.set_len(0)?;
            file.write_all(MAGIC)?;
            file.sync_all()?;
            return Ok(Self { file: Arc::new(file), end: MAGIC.len() as u64 });
        }
        let mut records = Records::new(&file, len)?;
        while let Some((place, head)) = records.next()? {
            replay(place, &head)?;
        }
        let end = records.at;
        if end < len {
            file.set_len(end)?;
            file.sync_all()?;
        }
        file.seek(SeekFrom::Start(end))?;
        Ok(Self { file: Arc::new(file), end })
    }

    /// Writes a record. It is durable after the next [`Synced::sync`].
    pub(crate) fn append(&mut self, head: &[u8], json: &[u8]) -> io::Result<Place> {
        let place = Place { offset: self.end + PREFIX as u64, head: part_len(head)?, json: part_len(json)? };
        let mut record = Vec::with_capacity(PREFIX + head.len() + json.len());
        record.extend_from_slice(&place.head.to_le_bytes());
        record.extend_from_slice(&place.json.to_le_bytes());
        record.extend_from_slice(&checksum(head));
        record.extend_from_slice(&checksum(json));
        record.extend_from_slice(head);
        record.extend_from_slice(json);
        self.file.write_all_at(&record, self.end)?;
        self.end = place.end();
        Ok(place)
    }

    /// Up to where records were written.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// For reading and syncing from anywhere.
    pub(crate) fn reader(&self) -> Reader {
        Reader(Arc::clone(&self.file))
    }
}

/// The JSON of all units in a journal, oldest first, as far as their records are whole. The journal may
/// be in use.
pub(crate) fn read_units(path: &Path) -> io::Result<Vec<String>> {
    let file = File::open(path)?;
    let reader = Reader(Arc::new(file.try_clone()?));
    let mut records = Records::new(&file, file.metadata()?.len())?;
    let mut units = Vec::new();
    while let Some((place, _)) = records.next()? {
        units.push(reader.json(place)?);
    }
    Ok(units)
}

/// Reads records, and makes them durable.
#[derive(Clone, Debug)]
pub(crate) struct Reader(Arc<File>);

impl Reader {
    /// A part of the head.
    pub(crate) fn head(&self, place: Place, at: usize, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        self.0.read_exact_at(&mut bytes, place.offset + at as u64)?;
        Ok(bytes)
    }

    /// The JSON text of the unit.
    pub(crate) fn json(&self, place: Place) -> io::Result<String> {
        let mut bytes = vec![0; place.json as usize];
        self.0.read_exact_at(&mut bytes, place.offset + u64::from(place.head))?;
        String::from_utf8(bytes).map_err(|_| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// Makes everything that was written durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

/// Walks over the records of a file.
struct Records<'a> {
    file: BufReader<&'a File>,
    at: u64,
    len: u64,
}

impl<'a> Records<'a> {
    fn new(file: &'a File, len: u64) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(1 << 16, file);
        file.rewind()?;
        let mut magic = [0; MAGIC.len()];
        file.read_exact(&mut magic)?;
        if &magic != MAGIC {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is no journal of a devnet"));
        }
        Ok(Self { file, at: MAGIC.len() as u64, len })
    }

    /// The next whole record, if there is one.
    fn next(&mut self) -> io::Result<Option<(Place, Vec<u8>)>> {
        let mut prefix = [0; PREFIX];
        if self.len - self.at < PREFIX as u64 {
            return Ok(None);
        }
        self.file.read_exact(&mut prefix)?;
        let (head, json) = (length(&prefix[0..4]), length(&prefix[4..8]));
        let place = Place { offset: self.at + PREFIX as u64, head, json };
        if head > MAX_PART || json > MAX_PART || place.end() > self.len {
            return Ok(None);
        }
        let mut bytes = vec![0; head as usize];
        self.file.read_exact(&mut bytes)?;
        if checksum(&bytes) != prefix[8..16] || !self.json_is_whole(place, &prefix[16..24])? {
            return Ok(None);
        }
        self.at = place.end();
        Ok(Some((place, bytes)))
    }

    fn json_is_whole(&mut self, place: Place, sum: &[u8]) -> io::Result<bool> {
        if self.len - place.end() > VERIFIED_TAIL {
            self.file.seek_relative(i64::from(place.json))?;
            return Ok(true);
        }
        let mut json = vec![0; place.json as usize];
        self.file.read_exact(&mut json)?;
        Ok(checksum(&json) == sum)
    }
}

fn length(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes were cut out"))
}

fn part_len(part: &[u8]) -> io::Result<u32> {
    u32::try_from(part.len())
        .ok()
        .filter(|&len| len <= MAX_PART)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the unit is too large"))
}

fn checksum(bytes: &[u8]) -> [u8; 8] {
    sha256(bytes)[..8].try_into().expect("a digest has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reopen(path: &Path) -> (Journal, Vec<(Place, Vec<u8>)>) {
        let mut records = Vec::new();
        let journal = Journal::open::<io::Error>(path, |place, head| {
            records.push((place, head.to_vec()));
            Ok(())
        })
        .expect("the file is a journal");
        (journal, records)
    }

    #[test]
    fn records_are_found_again_in_their_order() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("journal");
        let (mut journal, none) = reopen(&path);
        assert!(none.is_empty());
        let first = journal.append(b"one", b"{\"a\":1}").expect("written");
        let second = journal.append(b"", b"{}").expect("written");
        assert_eq!(journal.reader().json(first).expect("readable"), "{\"a\":1}");
        drop(journal);
        let (mut journal, records) = reopen(&path);
        assert_eq!(records, vec![(first, b"one".to_vec()), (second, Vec::new())]);
        let third = journal.append(b"three", b"[]").expect("written");
        assert_eq!(journal.reader().head(third, 1, 3).expect("readable"), b"hre");
        assert_eq!(reopen(&path).1.len(), 3);
        assert_eq!(read_units(&path).expect("readable"), ["{\"a\":1}", "{}", "[]"]);
    }

    #[test]
    fn a_torn_last_record_is_cut_off_wherever_it_tore() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("journal");
        let (mut journal, _) = reopen(&path);
        let first = journal.append(b"one", b"{\"a\":1}").expect("written");
        let second = journal.append(b"two", b"{\"b\":2}").expect("written");
        let whole = std::fs::read(&path).expect("readable");
        for len in first.end()..second.end() {
            std::fs::write(&path, &whole[..usize::try_from(len).expect("small")]).expect("written");
            let (mut journal, records) = reopen(&path);
            assert_eq!(records.len(), 1, "torn at {len}");
            journal.append(b"again", b"{}").expect("written");
            assert_eq!(reopen(&path).1.len(), 2);
        }
    }

    #[test]
    fn a_record_with_a_wrong_byte_ends_the_journal() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("journal");
        let (mut journal, _) = reopen(&path);
        journal.append(b"one", b"{\"a\":1}").expect("written");
        let mut bytes = std::fs::read(&path).expect("readable");
        *bytes.last_mut().expect("not empty") ^= 1;
        std::fs::write(&path, bytes).expect("written");
        assert!(reopen(&path).1.is_empty());
    }

    #[test]
    fn another_file_is_not_touched() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("journal");
        std::fs::write(&path, "something else that is long enough").expect("written");
        assert!(Journal::open::<io::Error>(&path, |_, _| Ok(())).is_err());
        assert_eq!(std::fs::read(&path).expect("readable"), b"something else that is long enough");
    }
}
