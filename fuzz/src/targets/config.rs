//! Files that an operator has: the configuration, and the wallet.

use bytesback::config::Config;
use bytesback::wallet_file;

use super::{check_error, text};

/// A configuration file. What is wrong with it is shown with its line, so that the text is not bounded.
pub(super) fn config(data: &[u8]) {
    let Ok(config) = toml::from_str::<Config>(&text(data)) else { return };
    let _ = (config.desk(), config.rates.settings(), config.data_dir());
    for endpoint in [&config.live, &config.test] {
        let _ = (endpoint.hubs(), config.payer(endpoint.network));
        if let Ok(Some(order_providers)) = endpoint.order_providers() {
            assert!(order_providers.majority() > order_providers.addresses().len() / 2, "a majority");
        }
    }
}

/// The text of a wallet file.
pub(super) fn wallet_file(data: &[u8]) {
    match wallet_file::rewritten(&text(data)) {
        Ok(written) => {
            let again = wallet_file::rewritten(&written).expect("what was written can be read");
            assert_eq!(again, written, "read again");
        }
        Err(error) => check_error(error),
    }
}
