//! Comma-separated values by RFC 4180, which no spreadsheet takes for formulas.

/// The characters that make a spreadsheet read a cell as a formula when it begins with one of them.
const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// A text of anybody's.
    Text(String),
    /// A number of ours.
    Number(i64),
}

impl Cell {
    pub(super) fn text(text: impl ToString) -> Self {
        Self::Text(text.to_string())
    }
}

/// Adds a row.
pub(super) fn push_row(csv: &mut String, cells: &[Cell]) {
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            csv.push(',');
        }
        match cell {
            Cell::Text(text) => push_text(csv, text),
            Cell::Number(number) => csv.push_str(&number.to_string()),
        }
    }
    csv.push_str("\r\n");
}

/// A text that could be a formula gets an apostrophe in front, as spreadsheets mark text.
fn push_text(csv: &mut String, text: &str) {
    let guard = if text.trim_start_matches(' ').starts_with(FORMULA) { "'" } else { "" };
    if text.contains([',', '"', '\r', '\n']) {
        csv.push('"');
        csv.push_str(guard);
        csv.push_str(&text.replace('"', "\"\""));
        csv.push('"');
    } else {
        csv.push_str(guard);
        csv.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(cells: &[&str]) -> String {
        let mut csv = String::new();
        push_row(&mut csv, &cells.iter().map(Cell::text).collect::<Vec<_>>());
        csv
    }

    /// Reads rows as RFC 4180 says, and nothing else.
    fn read(csv: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
        let mut letters = csv.chars().peekable();
        let mut quoted = false;
        while let Some(letter) = letters.next() {
            match letter {
                '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(std::mem::take(&mut cell)),
                '\r' if !quoted => {
                    assert_eq!(letters.next(), Some('\n'), "rows end with CRLF");
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                letter => {
                    assert!(quoted || letter != '\n', "a line feed stands in quotes");
                    cell.push(letter);
                }
            }
        }
        assert!(!quoted && cell.is_empty() && row.is_empty(), "the last row has an end");
        rows
    }

    #[test]
    fn what_parts_cells_is_quoted() {
        assert_eq!(row(&["a", "b c", "\u{437}"]), "a,b c,\u{437}\r\n");
        assert_eq!(
            row(&["a,b", "say \"hi\"", "two\nlines", ""]),
            "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\r\n"
        );
    }

    #[test]
    fn a_formula_is_text() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("  =1", "'  =1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
            ("\r=1", "\"'\r=1\""),
            ("1-1", "1-1"),
        ] {
            assert_eq!(row(&[text]), format!("{cell}\r\n"), "{text:?}");
        }
        let mut csv = String::new();
        push_row(&mut csv, &[Cell::Number(-5), Cell::Number(7)]);
        assert_eq!(csv, "-5,7\r\n", "our own numbers stay numbers");
    }

    proptest! {
        #[test]
        fn whatever_an_order_id_holds_is_read_back_and_is_no_formula(
            cells in prop::collection::vec("[=+@a,\"\r\n\t \u{ff1d}-]{0,8}", 1..5), rows in 1..4usize,
        ) {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let csv = row(&cells).repeat(rows);
            let read = read(&csv);
            prop_assert_eq!(read.len(), rows);
            for found in read {
                prop_assert_eq!(found.len(), cells.len());
                for (found, cell) in found.iter().zip(&cells) {
                    prop_assert!(!found.starts_with(FORMULA), "{found:?}");
                    prop_assert_eq!(found.strip_prefix('\'').unwrap_or(found), *cell);
                }
            }
        }
    }
}
