//! Tables as lines of text, printed as they come, and the same in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

/// Title and width of each column.
#[derive(Clone, Copy, Debug)]
pub struct Layout(pub &'static [(&'static str, usize)]);

impl Layout {
    /// The titles, and a line below them.
    pub fn head(self) -> String {
        let titles: Vec<_> = self.0.iter().map(|(title, _)| (*title).to_owned()).collect();
        let titles = self.line(&titles);
        let rule = "-".repeat(titles.len());
        format!("{titles}\n{rule}")
    }

    /// Cells below their titles: the first to the left, the others to the right.
    pub fn line(self, cells: &[String]) -> String {
        let mut line = String::new();
        for (index, (cell, (_, width))) in cells.iter().zip(self.0).enumerate() {
            let done =
                if index == 0 { write!(line, "{cell:<width$}") } else { write!(line, "{cell:>width$}") };
            done.expect("a string takes everything");
        }
        line
    }

    /// The whole table in Markdown.
    pub fn markdown(self, rows: &[Vec<String>]) -> String {
        let titles: Vec<_> = self.0.iter().map(|(title, _)| (*title).to_owned()).collect();
        let rules =
            (0..titles.len()).map(|index| if index == 0 { "---" } else { "---:" }.to_owned()).collect();
        let mut text = String::new();
        for cells in [titles, rules].iter().chain(rows) {
            writeln!(text, "| {} |", cells.join(" | ")).expect("a string takes everything");
        }
        text
    }
}

/// What was measured at one go: a table and what is to be said about it.
#[derive(Clone, Debug)]
pub struct Section {
    /// What it is about.
    pub title: String,
    /// How its rows are laid out.
    pub layout: Layout,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// What else is to be said.
    pub notes: Vec<String>,
    /// The counts behind it, for programs.
    pub data: serde_json::Value,
}

impl Section {
    /// In Markdown.
    pub fn markdown(&self) -> String {
        let Self { title, layout, rows, notes, .. } = self;
        let notes: String = notes.iter().map(|note| format!("* {note}\n")).collect();
        let between = if notes.is_empty() { "" } else { "\n" };
        format!("## {title}\n\n{}{between}{notes}", layout.markdown(rows))
    }
}

/// A figure, or a dash where it was not measured.
pub fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}

/// Of one processor.
pub fn percent(busy: Option<f64>) -> String {
    busy.map_or_else(|| "-".to_owned(), |busy| format!("{:.0}%", busy * 100.0))
}

/// In milliseconds.
pub fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// In 10^6 bytes.
pub fn megabytes(bytes: Option<u64>) -> String {
    number(bytes.map(|bytes| bytes as f64 / 1e6), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout(&[("load", 6), ("paid/s", 8)]);

    #[test]
    fn cells_stand_below_their_titles() {
        let (head, line) = (LAYOUT.head(), LAYOUT.line(&["1/s".to_owned(), "9.5".to_owned()]));
        assert_eq!(head, "load    paid/s\n--------------");
        assert_eq!(line, "1/s        9.5");
    }

    #[test]
    fn a_section_in_markdown_has_the_same_cells_and_its_notes() {
        let section = Section {
            title: "Rows".to_owned(),
            layout: LAYOUT,
            rows: vec![vec!["1/s".to_owned(), "9.5".to_owned()]],
            notes: vec!["slow".to_owned()],
            data: serde_json::Value::Null,
        };
        let expected = "## Rows\n\n| load | paid/s |\n| --- | ---: |\n| 1/s | 9.5 |\n\n* slow\n";
        assert_eq!(section.markdown(), expected);
    }

    #[test]
    fn what_was_not_measured_is_a_dash() {
        assert_eq!([number(None, 1), percent(None), megabytes(None)], ["-", "-", "-"]);
        assert_eq!(
            [number(Some(1.25), 1), percent(Some(0.5)), megabytes(Some(1_500_000))],
            ["1.2", "50%", "1.5"]
        );
    }
}
