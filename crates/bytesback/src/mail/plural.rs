//! `{{ days_left|plural("day", "days") }}`: the form of a word that goes with a number.

use minijinja::value::Rest;
use minijinja::{Error, ErrorKind};

/// Picks the form: of two by the rule of English, of three (one, few, many) by that of Russian.
pub(crate) fn plural(number: u64, forms: Rest<String>) -> Result<String, Error> {
    let index = match (forms.len(), number % 10, number % 100) {
        (2, ..) => usize::from(number != 1),
        (3, 1, rest) if rest != 11 => 0,
        (3, 2..=4, rest) if !(12..=14).contains(&rest) => 1,
        (3, ..) => 2,
        _ => return Err(Error::new(ErrorKind::InvalidOperation, "plural takes two or three forms")),
    };
    Ok(forms[index].clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(number: u64, forms: &[&str]) -> Option<String> {
        plural(number, Rest(forms.iter().map(|form| (*form).to_owned()).collect())).ok()
    }

    #[test]
    fn each_number_has_its_form() {
        let russian = |number| form(number, &["день", "дня", "дней"]).expect("three forms");
        for (number, word) in
            [(0, "дней"), (1, "день"), (2, "дня"), (5, "дней"), (11, "дней"), (13, "дней"), (21, "день")]
        {
            assert_eq!(russian(number), word, "{number}");
        }
        assert_eq!(form(1, &["day", "days"]).as_deref(), Some("day"));
        assert_eq!(form(0, &["day", "days"]).as_deref(), Some("days"));
        assert_eq!(form(1, &["day"]), None);
    }
}
