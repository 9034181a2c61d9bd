//! What the three readers make of bodies.

use proptest::prelude::*;

use super::*;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const MULTIPART: &str = "multipart/form-data; boundary=BoUnDaRy";

fn text(fields: &Fields<'_>, field: Field) -> Option<String> {
    fields.text(field).expect("text").map(str::to_owned)
}

fn order_of(content_type: Option<&str>, body: impl AsRef<[u8]>) -> Option<String> {
    text(&read(content_type, body.as_ref()).expect("readable"), Field::OrderId)
}

fn is_unreadable(content_type: Option<&str>, body: impl AsRef<[u8]>) -> bool {
    read(content_type, body.as_ref()).is_err()
}

mod forms {
    use super::*;

    fn order(body: impl AsRef<[u8]>) -> Option<String> {
        order_of(Some(FORM), body)
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(order("order_id=a%2Bb+c%26%D1%8f").as_deref(), Some("a+b c&я"));
        assert_eq!(order("%6frder%5Fid=1").as_deref(), Some("1"));
    }

    #[test]
    fn a_percent_sign_that_begins_no_escape_stands_for_itself() {
        for (body, expected) in [
            ("order_id=5%", "5%"),
            ("order_id=5%&x=y", "5%"),
            ("order_id=5% off", "5% off"),
            ("order_id=%zz%4", "%zz%4"),
            ("order_id=%%41", "%A"),
            ("order_id=%+1", "% 1"),
            ("order_id=100%25", "100%"),
        ] {
            assert_eq!(order(body).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn nothing_needs_to_be_encoded() {
        assert_eq!(order("order_id= чек № 7 = да \n&b").as_deref(), Some("чек № 7 = да"));
        assert_eq!(order("description=salt & pepper&order_id=7").as_deref(), Some("7"));
    }

    #[test]
    fn the_last_of_a_repeated_field_counts_even_when_it_is_empty() {
        assert_eq!(order("order_id=1&order_id=2").as_deref(), Some("2"));
        assert_eq!(order("order_id=1&order_id="), None);
        assert_eq!(order("order_id=1&order_id"), None);
    }

    #[test]
    fn empty_counts_as_missing() {
        for body in ["", "&", "=", "order_id", "order_id=", "order_id=+%20%0D", "Order_id=1", "order_id[]=1"]
        {
            assert_eq!(order(body), None, "{body}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_in_identities_and_replaced_in_free_text() {
        let fields =
            read(Some(FORM), b"order_id=a%FFb&description=a%FFb%00&merchant=a%00").expect("readable");
        assert_eq!(fields.text(Field::OrderId), Err(FieldError::Utf8));
        assert_eq!(fields.text(Field::Merchant), Err(FieldError::Nul));
        assert_eq!(fields.free_text(Field::Description).as_deref(), Ok("a\u{FFFD}b\u{FFFD}"));
    }
}

mod json_objects {
    use super::*;

    fn order(body: &str) -> Option<String> {
        order_of(Some(JSON), body)
    }

    #[test]
    fn numbers_keep_the_text_that_they_were_written_in() {
        for number in ["12.50", "1.0E-5", "6.0e-5", "0", "-0", "1e999", "123456789012345678901234567890"] {
            assert_eq!(order(&format!(r#"{{"order_id": {number} }}"#)).as_deref(), Some(number));
        }
    }

    #[test]
    fn escapes_are_undone() {
        assert_eq!(order(r#"{"order_id":"a\"\\\/\n\u044f\ud83d\ude00"}"#).as_deref(), Some("a\"\\/\nя😀"));
        assert_eq!(order(r#"{"\u006frder_id":"1"}"#).as_deref(), Some("1"));
    }

    #[test]
    fn null_counts_as_missing_and_the_last_counts() {
        assert_eq!(order(r#"{"order_id":"1","order_id":null}"#), None);
        assert_eq!(order(r#"{"order_id":"1","order_id":2}"#).as_deref(), Some("2"));
        assert_eq!(order("{}"), None);
    }

    #[test]
    fn nested_values_are_an_error_in_known_fields_only() {
        for value in ["[]", "{}", "true", "false", r#"["1"]"#] {
            let body = format!(r#"{{"order_id":{value},"other":{{"a":[1,{{}}]}}}}"#);
            let fields = read(Some(JSON), body.as_bytes()).expect("readable");
            assert_eq!(fields.text(Field::OrderId), Err(FieldError::NotText), "{value}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_judged_like_other_bytes_that_are_no_text() {
        let body = br#"{"order_id":"\ud83d","description":"a\ud83d","\ud83d":1,"merchant":"\u0000"}"#;
        let fields = read(Some(JSON), body).expect("readable");
        assert_eq!(fields.text(Field::OrderId), Err(FieldError::Utf8));
        assert_eq!(fields.text(Field::Merchant), Err(FieldError::Nul));
        assert!(fields.free_text(Field::Description).expect("text").starts_with("a\u{FFFD}"));
    }

    #[test]
    fn what_is_no_object_is_unreadable() {
        for body in [
            "",
            "null",
            "[]",
            "\"x\"",
            "{",
            "{}x",
            "{}{}",
            "{'order_id':1}",
            "{order_id:1}",
            "{\"order_id\":01}",
            "{\"order_id\":1,}",
            "{\"order_id\":NaN}",
            "{\"order_id\":\"\n\"}",
        ] {
            assert!(is_unreadable(Some(JSON), body), "{body}");
        }
        assert!(is_unreadable(Some(JSON), b"{\"order_id\":\"\xff\"}"));
    }

    #[test]
    fn deep_nesting_costs_nothing() {
        let deep = format!(r#"{{"a":{}{},"order_id":"1"}}"#, "[".repeat(30_000), "]".repeat(30_000));
        assert_eq!(order(&deep).as_deref(), Some("1"));
        assert!(is_unreadable(Some(JSON), r#"{"a":"#.repeat(10_000)));
        let known = format!(r#"{{"order_id":{}{}}}"#, "[".repeat(30_000), "]".repeat(30_000));
        assert_eq!(
            read(Some(JSON), known.as_bytes()).expect("readable").text(Field::OrderId),
            Err(FieldError::NotText)
        );
    }
}

mod multiparts {
    use super::*;

    fn part(headers: &str, value: &str) -> String {
        format!("--BoUnDaRy\r\n{headers}\r\n\r\n{value}\r\n")
    }

    fn order(body: impl AsRef<[u8]>) -> Option<String> {
        order_of(Some(MULTIPART), body)
    }

    #[test]
    fn parts_are_found_however_their_headers_are_written() {
        for headers in [
            r#"Content-Disposition: form-data; name="order_id""#,
            r#"content-disposition:form-data;name=order_id"#,
            r#"Content-Disposition: form-data; filename="a;b\"=c"; name="order_id""#,
            "Content-Type: text/plain; charset=UTF-8\r\nContent-Disposition: form-data; name=\"order_id\"",
            "CONTENT-DISPOSITION: form-data; Name = \"order\\_id\"\r\nX: y",
        ] {
            let body = format!("{}--BoUnDaRy--\r\n", part(headers, "a\r\nb"));
            assert_eq!(order(&body).as_deref(), Some("a\r\nb"), "{headers}");
        }
    }

    #[test]
    fn a_value_may_hold_anything_but_the_delimiter() {
        let header = r#"Content-Disposition: form-data; name="order_id""#;
        let body = format!("{}--BoUnDaRy--", part(header, "a%41+b\r\n--BoUnDaR\n--x\r\n\r\nend"));
        assert_eq!(order(&body).as_deref(), Some("a%41+b\r\n--BoUnDaR\n--x\r\n\r\nend"));
    }

    #[test]
    fn an_empty_part_is_a_missing_field() {
        let header = r#"Content-Disposition: form-data; name="order_id""#;
        let body = format!("{}{}--BoUnDaRy--", part(header, "1"), part(header, ""));
        assert_eq!(order(&body), None);
    }

    #[test]
    fn a_preamble_bare_line_feeds_and_a_missing_boundary_are_taken() {
        let body = "--B\nContent-Disposition: form-data; name=\"order_id\"\n\n7\n--B--\n";
        assert_eq!(order_of(Some("multipart/form-data"), body).as_deref(), Some("7"));
        assert_eq!(order_of(None, body).as_deref(), Some("7"));
        assert_eq!(
            order_of(Some("multipart/form-data; boundary=B"), format!("hi\n{body}")).as_deref(),
            Some("7")
        );
        assert_eq!(
            order_of(Some("Multipart/Form-Data; charset=x; Boundary=\"B\""), body).as_deref(),
            Some("7")
        );
    }

    #[test]
    fn what_is_cut_off_is_unreadable() {
        let header = r#"Content-Disposition: form-data; name="order_id""#;
        let whole = format!("{}--BoUnDaRy--\r\n", part(header, "1"));
        for end in 0..whole.len() - 4 {
            assert!(is_unreadable(Some(MULTIPART), &whole[..end]), "{:?}", &whole[..end]);
        }
        assert!(is_unreadable(Some(MULTIPART), part("X: y", "1") + "--BoUnDaRy--"));
        assert!(is_unreadable(Some(MULTIPART), "order_id=1"));
    }
}

mod content_types {
    use super::*;

    #[test]
    fn parameters_and_case_of_the_media_type_do_not_matter() {
        for form in
            [FORM, "application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded;"]
        {
            assert_eq!(order_of(Some(form), "order_id=7").as_deref(), Some("7"));
        }
        for json in [JSON, "application/json; charset=utf-8", "text/JSON", "application/vnd.x+Json"] {
            assert_eq!(order_of(Some(json), r#"{"order_id":7}"#).as_deref(), Some("7"));
            assert!(is_unreadable(Some(json), "order_id=7"));
        }
    }

    #[test]
    fn without_a_known_content_type_the_first_bytes_decide() {
        for content_type in
            [None, Some(""), Some("text/plain"), Some("application/octet-stream"), Some("я/;=")]
        {
            assert_eq!(order_of(content_type, "order_id=7").as_deref(), Some("7"));
            assert_eq!(order_of(content_type, " \r\n{\"order_id\":7}").as_deref(), Some("7"));
            assert_eq!(order_of(content_type, "\u{feff}{\"order_id\":7}").as_deref(), Some("7"));
            assert_eq!(order_of(content_type, "\u{feff}order_id=7").as_deref(), Some("7"));
            assert_eq!(order_of(content_type, "--x=1&order_id=7").as_deref(), Some("7"));
            assert!(is_unreadable(content_type, "{\"order_id\":7"));
        }
    }

    #[test]
    fn json_that_is_declared_a_form_is_still_read() {
        assert_eq!(order_of(Some(FORM), r#"{"order_id":7}"#).as_deref(), Some("7"));
        assert_eq!(order_of(Some(FORM), "{x&order_id=8").as_deref(), Some("8"));
    }
}

/// Values as a careful client has them: any text without U+0000.
fn any_value() -> impl Strategy<Value = String> {
    prop_oneof!["[^\u{0}]{0,24}", "[ +%&=\"\\\\\r\n{}-]{0,12}", "\\PC{0,24}"]
}

fn is_read_back(fields: &Fields<'_>, values: &[String]) -> Result<(), TestCaseError> {
    for (field, value) in Field::ALL.into_iter().zip(values) {
        prop_assert_eq!(fields.untrimmed(field).expect("text").unwrap_or_default(), value.as_str());
    }
    Ok(())
}

proptest! {
    #[test]
    fn what_a_form_encodes_is_read_back_exactly(values in prop::collection::vec(any_value(), 11)) {
        let encode = |value: &String| -> String { value.bytes().map(|byte| format!("%{byte:02x}")).collect() };
        let pairs: Vec<_> =
            Field::ALL.into_iter().zip(&values).map(|(field, value)| format!("{field}={}", encode(value))).collect();
        is_read_back(&read(Some(FORM), pairs.join("&").as_bytes()).expect("readable"), &values)?;
    }

    #[test]
    fn what_json_encodes_is_read_back_exactly(values in prop::collection::vec(any_value(), 11)) {
        let object: serde_json::Map<_, _> =
            Field::ALL.into_iter().zip(&values).map(|(field, value)| (field.to_string(), value.clone().into())).collect();
        let body = serde_json::Value::from(object).to_string();
        is_read_back(&read(Some(JSON), body.as_bytes()).expect("readable"), &values)?;
        is_read_back(&read(None, body.as_bytes()).expect("readable"), &values)?;
    }

    #[test]
    fn what_multipart_encodes_is_read_back_exactly(values in prop::collection::vec(any_value(), 11)) {
        let mut body = String::new();
        for (field, value) in Field::ALL.into_iter().zip(&values) {
            body += &format!("--BoUnDaRy\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        }
        body += "--BoUnDaRy--\r\n";
        is_read_back(&read(Some(MULTIPART), body.as_bytes()).expect("readable"), &values)?;
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_growing(
        which in 0..4usize,
        pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..20),
                Just(b"order_id".to_vec()), Just(b"order_id=%".to_vec()), Just(b"\"order_id\":".to_vec()),
                Just(b"{\"".to_vec()), Just(b"\"\\ud8".to_vec()), Just(b"--BoUnDaRy\r\n".to_vec()),
                Just(b"Content-Disposition: form-data; name=\"order_id\"\r\n\r\n".to_vec()), Just(b"--".to_vec()),
            ],
            0..12,
        ),
    ) {
        let body = pieces.concat();
        if let Ok(fields) = read([None, Some(FORM), Some(JSON), Some(MULTIPART)][which], &body) {
            for field in Field::ALL {
                let text = fields.free_text(field).unwrap_or_default();
                prop_assert!(text.len() <= 3 * body.len());
            }
        }
    }

    #[test]
    fn json_is_read_exactly_where_another_parser_reads_an_object(
        body in "\\{(\"order_id\": ?(\"[a\\\\u0-9\"]{0,6}\"|-?[0-9.eE+-]{1,5}|null|\\[1?\\])[ ,]?){0,2}\\}?",
    ) {
        let known = serde_json::from_str::<serde_json::Value>(&body);
        match read(Some(JSON), body.as_bytes()) {
            // Numbers that fit into no float are texts to us.
            Ok(fields) if known.is_err() => prop_assert!(body.contains(['e', 'E', '\\']), "{}", fields.free_text(Field::OrderId).unwrap_or_default()),
            Ok(fields) => if let Some(value) = known.expect("just seen").get("order_id").and_then(|v| v.as_str()) {
                prop_assert_eq!(fields.free_text(Field::OrderId).unwrap_or_default(), value.replace('\0', "\u{FFFD}"));
            },
            Err(_) => prop_assert!(known.is_err()),
        }
    }
}
