//! Addresses.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::kind::ADDRESS_FORMAT;

/// An address to listen on, and what others are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointSection<const PORT: u16> {
    /// IP address and port to listen on; port 0 takes a free one.
    #[serde(default = "loopback::<PORT>")]
    #[schemars(extend("format" = ADDRESS_FORMAT))]
    pub addr: SocketAddr,
    /// `host:port` under which others reach it. Default: `addr`.
    pub advertise_addr: Option<String>,
}

impl<const PORT: u16> Default for EndpointSection<PORT> {
    fn default() -> Self {
        Self { addr: loopback::<PORT>(), advertise_addr: None }
    }
}

/// Serde takes no default of a type that is generic over a number, hence one of its field.
fn loopback<const PORT: u16>() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], PORT))
}
