//! The existing clients, written after their public source: heads to the byte, encodings, and which
//! fields each leaves out.

use crate::encode::Encoding;
use crate::sale::Sale;
use crate::target::Target;

const FORM: &str = "application/x-www-form-urlencoded";
const HELPER: &str = "Mozilla/5.0 (Linux; Android 7.0) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
                      Chrome/66.0 Mobile Safari/537.36";
const APP: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 11_3 like Mac OS X) AppleWebKit/605.1.15 \
                   (KHTML, like Gecko) Mobile/15E217";

/// Who sends.
#[derive(Clone)]
pub(crate) struct Client {
    version: &'static str,
    /// `{host}` and `{length}` stand for what is known later.
    headers: Vec<(&'static str, String)>,
    encoding: Encoding,
    leaves_out: &'static [&'static str],
}

/// The bytes of one request.
pub(crate) struct Request {
    pub(crate) bytes: Vec<u8>,
    /// Where the body begins.
    pub(crate) body: usize,
}

impl Client {
    fn new(encoding: Encoding, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { version: "HTTP/1.1", headers, encoding, leaves_out: &[] }
    }

    /// W1: the WooCommerce plugin 0.1, its own curl.
    pub(crate) fn plugin() -> Self {
        Self::new(
            Encoding::Form,
            &[
                ("Host", "{host}"),
                ("User-Agent", "Byteball for Woocommerce"),
                ("Accept", "*/*"),
                ("Content-Type", FORM),
                ("Content-Length", "{length}"),
            ],
        )
    }

    /// W1 with an array in `CURLOPT_POSTFIELDS`.
    pub(crate) fn plugin_multipart() -> Self {
        let content_type = format!("multipart/form-data; boundary={}", crate::encode::BOUNDARY);
        Self { encoding: Encoding::Multipart, ..Self::plugin().header("Content-Type", content_type) }
    }

    /// W2 and W3: `wp_remote_post` of WordPress.
    pub(crate) fn wordpress() -> Self {
        Self::new(
            Encoding::Form,
            &[
                ("User-Agent", "WordPress/4.9.8; https://shop.example"),
                ("Host", "{host}"),
                ("Accept", "*/*"),
                ("Accept-Encoding", "deflate, gzip"),
                ("Referer", "https://byte.money/new_purchase"),
                ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
                ("Connection", "close"),
                ("Content-Length", "{length}"),
            ],
        )
    }

    /// T: the Telegram bot, python-requests.
    pub(crate) fn telegram() -> Self {
        let client = Self::new(
            Encoding::Form,
            &[
                ("Host", "{host}"),
                ("User-Agent", "python-requests/2.18.4"),
                ("Accept-Encoding", "gzip, deflate"),
                ("Accept", "*/*"),
                ("Connection", "keep-alive"),
                ("Content-Type", FORM),
                ("Content-Length", "{length}"),
            ],
        );
        Self { leaves_out: &["partner_cashback_percentage", "purchase_unit"], ..client }
    }

    /// O: the Cordova helper, which glues its values together.
    pub(crate) fn helper() -> Self {
        let client = Self::new(
            Encoding::Glued,
            &[
                ("Host", "{host}"),
                ("User-Agent", HELPER),
                ("Accept", "*/*"),
                ("Origin", "file://"),
                ("X-Requested-With", "com.example.helper"),
                ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
                ("Content-Length", "{length}"),
            ],
        );
        Self { leaves_out: &["purchase_unit"], ..client }
    }

    /// I: the Ionic app.
    pub(crate) fn app() -> Self {
        let client = Self::new(
            Encoding::Angular,
            &[
                ("Host", "{host}"),
                ("Accept", "application/json, text/plain, */*"),
                ("Origin", "http://localhost:8080"),
                ("User-Agent", APP),
                ("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8"),
                ("Content-Length", "{length}"),
            ],
        );
        Self { leaves_out: &["merchant", "purchase_unit"], ..client }
    }

    /// G and others: a gateway that sends JSON.
    pub(crate) fn gateway() -> Self {
        Self::new(
            Encoding::Json,
            &[
                ("Host", "{host}"),
                ("User-Agent", "Obyte for Merchants"),
                ("Accept", "application/json"),
                ("Content-Type", "application/json; charset=utf-8"),
                ("Content-Length", "{length}"),
            ],
        )
    }

    /// With another value of a header, at its place, or at the end where there was none.
    #[must_use]
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        match self.headers.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.headers.push((name, value)),
        }
        self
    }

    /// Without a header.
    #[must_use]
    pub(crate) fn without_header(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    /// With everything that a sale has.
    #[must_use]
    pub(crate) const fn complete(mut self) -> Self {
        self.leaves_out = &[];
        self
    }

    #[must_use]
    pub(crate) const fn http_1_0(mut self) -> Self {
        self.version = "HTTP/1.0";
        self
    }

    /// The bytes that report a sale.
    pub(crate) fn request(&self, target: &Target, path: &str, sale: &Sale) -> Request {
        let fields = sale.fields().filter(|(name, _)| !self.leaves_out.contains(name));
        self.send(target, "POST", path, &self.encoding.body(fields))
    }

    /// The bytes of any request.
    pub(crate) fn send(&self, target: &Target, method: &str, path: &str, body: &[u8]) -> Request {
        let mut bytes = format!("{method} {path} {}\r\n", self.version);
        for (name, value) in &self.headers {
            let value = value.replace("{host}", &target.host()).replace("{length}", &body.len().to_string());
            bytes.push_str(&format!("{name}: {value}\r\n"));
        }
        bytes.push_str("\r\n");
        let head = bytes.len();
        Request { bytes: [bytes.as_bytes(), body].concat(), body: head }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_a_request_are_those_of_the_client() {
        let target = "http://127.0.0.1:6611".parse().expect("a URL");
        let sale = Sale::new().with("customer", "Иван").with("purchase_unit", "x").with("merchant", "a b");
        let request = Client::telegram().request(&target, "/new_purchase", &sale);
        let text = String::from_utf8(request.bytes).expect("UTF-8");
        assert_eq!(
            text,
            "POST /new_purchase HTTP/1.1\r\nHost: 127.0.0.1:6611\r\nUser-Agent: python-requests/2.18.4\r\n\
             Accept-Encoding: gzip, deflate\r\nAccept: */*\r\nConnection: keep-alive\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 46\r\n\r\n\
             customer=%D0%98%D0%B2%D0%B0%D0%BD&merchant=a+b"
        );
        assert_eq!(&text[request.body..], "customer=%D0%98%D0%B2%D0%B0%D0%BD&merchant=a+b");
    }
}
