//! What the services say, in their own form.

use bytesback::clock::{Clock, SystemClock};

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemClock.now().as_millis() / 1000
}

/// A moment as `2026-11-23T10:47:48Z`.
pub(crate) fn rfc3339(seconds: u64) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(at).to_string()
}

/// CoinGecko, with a bitcoin at 110000 dollars, 100000 euros and 8800000 roubles.
pub(crate) fn coingecko(gbyte_usd: &str, at: u64) -> Vec<u8> {
    format!(
        r#"{{"bitcoin":{{"usd":110000,"eur":100000.0,"rub":8800000,"last_updated_at":{at}}},
            "byteball":{{"usd":{gbyte_usd},"eur":6.8454545,"rub":602.4,"last_updated_at":{at}}}}}"#
    )
    .into_bytes()
}

/// CoinPaprika, without bitcoins.
pub(crate) fn coinpaprika(gbyte_usd: &str, at: u64) -> Vec<u8> {
    ticker(gbyte_usd, "", at)
}

/// CoinPaprika, with what a GBYTE costs in bitcoins, too.
pub(crate) fn coinpaprika_with_bitcoin(gbyte_usd: &str, gbyte_btc: &str, at: u64) -> Vec<u8> {
    ticker(gbyte_usd, &format!(r#","BTC":{{"price":{gbyte_btc},"volume_24h":0.0138,"ath_price":0.5}}"#), at)
}

/// CoinPaprika, with all that it tells beside the prices.
fn ticker(gbyte_usd: &str, more: &str, at: u64) -> Vec<u8> {
    let at = rfc3339(at);
    format!(
        r#"{{"id":"gbyte-obyte","name":"Obyte","symbol":"GBYTE","rank":1504,"total_supply":888364,
            "max_supply":1000000,"beta_value":0.53,"first_data_at":"2016-12-29T00:00:00Z",
            "last_updated":"{at}","quotes":{{"USD":{{"price":{gbyte_usd},"volume_24h":1520.117,
            "market_cap":6689380,"percent_change_24h":-1.4,"ath_price":1192.37,
            "ath_date":"2017-12-20T13:54:00Z"}}{more}}}}}"#
    )
    .into_bytes()
}

/// The European Central Bank.
pub(crate) fn ecb(usd: &str, day: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <gesmes:Envelope xmlns:gesmes=\"http://www.gesmes.org/xml/2002-08-01\" \
         xmlns=\"http://www.ecb.int/vocabulary/2002-08-01/eurofxref\">\n\
         \t<gesmes:subject>Reference rates</gesmes:subject>\n\
         \t<gesmes:Sender><gesmes:name>European Central Bank</gesmes:name></gesmes:Sender>\n\
         \t<Cube>\n\t\t<Cube time='{day}'>\n\
         \t\t\t<Cube currency='USD' rate='{usd}'/>\n\t\t\t<Cube currency='JPY' rate='181.09'/>\n\
         \t\t</Cube>\n\t</Cube>\n</gesmes:Envelope>\n"
    )
    .into_bytes()
}

/// The Bank of Russia, with names in windows-1251.
pub(crate) fn cbr(nominal: &str, value: &str, day: &str) -> Vec<u8> {
    // "доллар" in windows-1251.
    const DOLLAR: &[u8] = b"\xe4\xee\xeb\xeb\xe0\xf0";
    let before = format!(
        "<?xml version=\"1.0\" encoding=\"windows-1251\"?>\
         <ValCurs Date=\"{day}\" name=\"Foreign Currency Market\">\
         <Valute ID=\"R01020A\"><NumCode>944</NumCode><CharCode>AZN</CharCode><Nominal>1</Nominal>\
         <Name>x</Name><Value>46,0157</Value><VunitRate>46,0157</VunitRate></Valute>\
         <Valute ID=\"R01235\"><NumCode>840</NumCode><CharCode>USD</CharCode><Nominal>{nominal}</Nominal><Name>"
    );
    let after = format!("</Name><Value>{value}</Value><VunitRate>{value}</VunitRate></Valute></ValCurs>");
    [before.as_bytes(), DOLLAR, after.as_bytes()].concat()
}

/// The day of a moment in seconds, as `2026-11-23`.
pub(crate) fn day(seconds: u64) -> String {
    rfc3339(seconds)[..10].to_owned()
}

/// The same as `23.11.2026`.
pub(crate) fn russian_day(seconds: u64) -> String {
    let day = day(seconds);
    format!("{}.{}.{}", &day[8..], &day[5..7], &day[..4])
}
