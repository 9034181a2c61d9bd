//! What is read from text, and what is refused.

use program::{
    Amount, AmountError, Currency, NoRate, Pair, Percentage, PercentageError, QuoteError, Rate, RateError,
    RateTable, UnknownCurrency, UnknownPair,
};

fn amount(text: &str) -> Result<String, AmountError> {
    text.parse::<Amount>().map(|amount| amount.to_string())
}

#[test]
fn amounts_are_read_as_clients_write_them() {
    for (written, canonical) in [
        ("12.50", "12.5"),
        ("25.00", "25"),
        ("0012.50", "12.5"),
        (" 12.50\r\n", "12.5"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1.0E-5", "0.00001"),
        ("6.0E-5", "0.00006"),
        ("1e3", "1000"),
        ("1.0E+15", "1000000000000000"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("0.0000000000000000000000001e1", "0.000000000000000000000001"),
        ("999999999999999.999", "999999999999999.999"),
        ("1000000000000000.000", "1000000000000000"),
        ("12,50", "12.5"),
        ("0,5", "0.5"),
        ("1,2345", "1.2345"),
        ("6,0E-5", "0.00006"),
        ("10", "10"),
        ("1234500e-2", "12345"),
    ] {
        assert_eq!(amount(written).as_deref(), Ok(canonical), "{written:?}");
    }
}

#[test]
fn what_is_no_number_is_refused() {
    for text in [
        "",
        " ",
        ".",
        ",",
        "e5",
        "1e",
        "1e+",
        "1e5e5",
        "1e1.5",
        "NaN",
        "nan",
        "inf",
        "Infinity",
        "INF",
        "0x10",
        "1_000",
        "1 000",
        "1\u{a0}000",
        "+5",
        "$5",
        "5 USD",
        "1.2.3",
        "\u{661}\u{662}",
        "null",
        "1f",
        "1\0",
    ] {
        assert_eq!(amount(text), Err(AmountError::NotANumber), "{text:?}");
    }
}

#[test]
fn an_amount_of_zero_or_below_is_refused() {
    for text in ["0", "0.00", "0e9", "0e-99999999999999999999", "-1", "-0", "-12.50", "-inf"] {
        assert_eq!(amount(text), Err(AmountError::NotPositive), "{text:?}");
    }
}

#[test]
fn a_comma_that_may_part_thousands_is_refused() {
    for text in ["1,234", "0,123", "1,234.50", "1.234,50", "1,234,567", "1,23,4", "1,234e2"] {
        assert_eq!(amount(text), Err(AmountError::AmbiguousComma), "{text:?}");
    }
}

#[test]
fn nothing_is_rounded_while_reading() {
    assert_eq!(amount("0.1234567890123456789"), Err(AmountError::TooManyDigits));
    assert_eq!(amount("1234567890.123456789"), Err(AmountError::TooManyDigits));
    assert_eq!(amount("1e-25"), Err(AmountError::TooManyDigits));
    assert_eq!(amount(&format!("1{}", "0".repeat(100))), Err(AmountError::TooManyDigits));
    assert_eq!(amount("1000000000000000.001"), Err(AmountError::TooLarge));
    assert_eq!(amount("1000000000000001"), Err(AmountError::TooLarge));
    assert_eq!(amount("2e15"), Err(AmountError::TooLarge));
    assert_eq!(amount("1e99999999999999999999"), Err(AmountError::TooLarge));
}

#[test]
fn amounts_of_the_same_value_are_equal() {
    let read = |text: &str| text.parse::<Amount>().expect("the amount is a decimal");
    assert_eq!(read("12.5"), read("12.50"));
    assert_eq!(read("12.5"), read("1250e-2"));
    assert_eq!(read("100"), read("1E2"));
    assert!(read("1e15") > read("1e-24"));
    assert!(read("12.5") < read("12.500001"));
}

#[test]
fn currencies_are_read_in_any_case() {
    for (text, currency) in [
        ("USD", Currency::Usd),
        ("usd", Currency::Usd),
        (" Eur ", Currency::Eur),
        ("RUR", Currency::Rur),
        ("rub", Currency::Rur),
        ("GByte", Currency::Gbyte),
        ("btc\n", Currency::Btc),
    ] {
        assert_eq!(text.parse(), Ok(currency), "{text:?}");
    }
    for text in ["", "JPY", "B", "KB", "MB", "GB", "US D", "USDT"] {
        assert_eq!(text.parse::<Currency>(), Err(UnknownCurrency), "{text:?}");
    }
    for currency in Currency::ALL {
        assert_eq!(currency.to_string().parse(), Ok(currency));
    }
}

#[test]
fn percentages_lie_between_0_and_100() {
    let read = |text: &str| text.parse::<Percentage>().map(|percentage| percentage.to_string());
    for (written, canonical) in
        [("0", "0"), ("10", "10"), ("2.50", "2.5"), ("2,5", "2.5"), ("0.000001", "0.000001"), ("1e2", "100")]
    {
        assert_eq!(read(written).as_deref(), Ok(canonical), "{written:?}");
    }
    for text in ["", "ten", "10%", "+1", "0x1", "2,500"] {
        assert_eq!(read(text), Err(PercentageError::NotANumber), "{text:?}");
    }
    for text in ["-1", "100.000001", "101", "1e16"] {
        assert_eq!(read(text), Err(PercentageError::OutOfRange), "{text:?}");
    }
    for text in ["0.0000001", "99.99999999", "1.0000001", "1e-25"] {
        assert_eq!(read(text), Err(PercentageError::TooManyDigits), "{text:?}");
    }
}

#[test]
fn rates_are_above_zero() {
    let read = |text: &str| text.parse::<Rate>().map(|rate| rate.to_string());
    assert_eq!(read("1.10").as_deref(), Ok("1.1"));
    assert_eq!(read("0.012500000000000001").as_deref(), Ok("0.012500000000000001"));
    for text in ["0", "-20", "", "1,5", "NaN", "2e15", "0.1234567890123456789"] {
        assert_eq!(read(text), Err(RateError), "{text:?}");
    }
}

#[test]
fn pairs_are_read_as_the_hub_names_them() {
    for pair in Pair::ALL {
        assert_eq!(pair.to_string().parse(), Ok(pair));
    }
    assert_eq!("RUB_USD".parse(), Ok(Pair::RubUsd));
    assert_eq!("gbyte_usd".parse::<Pair>(), Err(UnknownPair));
}

#[test]
fn a_price_can_be_replaced_and_taken_away() {
    let rate = |text: &str| text.parse::<Rate>().expect("a decimal");
    let mut table = RateTable::new().with(Pair::EurUsd, rate("1.1")).with(Pair::EurUsd, rate("1.2"));
    assert_eq!(table.get(Pair::EurUsd), Some(rate("1.2")));
    assert_eq!(table.get(Pair::GbyteUsd), None);
    table.set(Pair::EurUsd, None);
    assert_eq!(table, RateTable::new());
}

#[test]
fn every_error_is_one_short_line_of_ascii() {
    let longest: Percentage = "99.999999".parse().expect("a decimal");
    let mut texts: Vec<String> = vec![
        UnknownCurrency.to_string(),
        UnknownPair.to_string(),
        RateError.to_string(),
        AmountError::NotANumber.to_string(),
        AmountError::NotPositive.to_string(),
        AmountError::AmbiguousComma.to_string(),
        AmountError::TooManyDigits.to_string(),
        AmountError::TooLarge.to_string(),
        PercentageError::NotANumber.to_string(),
        PercentageError::OutOfRange.to_string(),
        PercentageError::TooManyDigits.to_string(),
        QuoteError::PercentageTooHigh { maximum: longest }.to_string(),
        QuoteError::LooksLikeBytes.to_string(),
        QuoteError::TooSmall.to_string(),
        QuoteError::TooLarge.to_string(),
    ];
    texts.extend(
        Currency::ALL
            .map(|currency| QuoteError::NoRate(NoRate { currency, missing: Pair::GbyteUsd }).to_string()),
    );
    for text in texts {
        assert!(text.len() <= 100, "{text}");
        assert!(text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()), "{text}");
    }
}
