//! The two endpoints that one server serves side by side.

pub use store::{Endpoint, UnknownEndpoint};

/// What stands before `/new_purchase` in the path of an endpoint.
pub const fn path_prefix(endpoint: Endpoint) -> &'static str {
    match endpoint {
        Endpoint::Live => "",
        Endpoint::Test => "/test",
    }
}
