//! Changes that know nothing of what the bytes mean, but a few words that parsers listen to.

use crate::Random;

/// Words that mean something to some parser.
const WORDS: [&str; 60] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "-",
    "0",
    "-0",
    "1e400",
    "1e-400",
    "1E5",
    "0.1",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "\\ud800",
    "\\udc00\\ud800",
    "\\u0000",
    "\0",
    "\r\n",
    "\n--",
    "--",
    "\u{feff}",
    "\u{2028}",
    "\u{202e}",
    "é",
    "😀",
    "\u{e000}",
    "\u{1b}[2J",
    "%",
    "%00",
    "%ff",
    "%C3%A9",
    "&",
    "=",
    "+",
    "?",
    "#",
    "@",
    "obyte:",
    "byteball-tn:",
    "textcoin?",
    "base",
    "unit",
    "error",
    "ball",
    "content_hash",
    "definition",
    "payload",
    "r of set",
    "is_nonserial",
    "address",
    "boundary=",
    "Content-Disposition: form-data; name=\"order_id\"",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD",
];
/// Bytes at which decoders turn.
const EDGES: [u8; 12] = [0, 1, 9, 10, 13, 0x1f, 0x20, 0x7f, 0x80, 0xc0, 0xed, 0xff];

pub(super) fn mutate(random: &mut Random, input: &[u8], other: &[u8]) -> Vec<u8> {
    let mut output = input.to_vec();
    let (from, to) = range(random, input.len());
    match random.below(9) {
        0 if from < to => output[from] ^= 1 << random.below(8),
        1 if from < to => output[from] = *random.pick(&EDGES),
        2 => drop(output.drain(from..to)),
        3 => insert(&mut output, from, &input[from..to].repeat(1 + random.below(8))),
        4 => insert(&mut output, from, random.pick(&WORDS).as_bytes()),
        5 => drop(output.splice(from..to, random.pick(&WORDS).bytes())),
        6 => {
            let (start, end) = range(random, other.len());
            drop(output.splice(from..to, other[start..end].iter().copied()));
        }
        7 => output.truncate(from),
        _ => {
            let byte = u8::try_from(random.below(256)).expect("below 256");
            insert(&mut output, from, &[byte]);
        }
    }
    output
}

/// A piece, mostly a short one.
fn range(random: &mut Random, len: usize) -> (usize, usize) {
    let from = random.below(len + 1);
    let longest = *random.pick(&[1, 2, 8, 64, 4096]);
    (from, (from + 1 + random.below(longest)).min(len).max(from))
}

fn insert(output: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    drop(output.splice(at..at, bytes.iter().copied()));
}
