//! URIs from links and QR codes.

use obyte::{Network, Uri};

use super::{check_error, text};

/// A URI.
pub(super) fn uri(data: &[u8]) {
    let text = text(data);
    let any = Uri::parse_any(&text);
    for network in Network::ALL {
        if let Ok(read) = Uri::parse(&text, network) {
            assert_eq!(any.as_ref(), Ok(&read), "who reads any network reads each");
        }
    }
    match any {
        // Their parameters are not kept.
        Ok(Uri::Auth | Uri::Data) => {}
        Ok(read) => {
            for network in Network::ALL {
                let printed = read.print(network);
                assert_eq!(Uri::parse(&printed, network).as_ref(), Ok(&read), "read again: {printed}");
            }
        }
        Err(error) => check_error(error),
    }
}
