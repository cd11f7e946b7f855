//! Where a node is reached.

use std::{fmt, str::FromStr, sync::Arc};

use http::uri::Authority;

use crate::Error;

/// A node's client address, `host:port`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address(Arc<str>);

impl Address {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let complete = |authority: &Authority| {
            !authority.host().is_empty() && authority.port_u16().is_some() && !text.contains('@')
        };
        match text.parse() {
            Ok(authority) if complete(&authority) => Ok(Self(text.into())),
            _ => Err(Error::InvalidArgument(format!("endpoint \"{}\" is not host:port", text.escape_debug()))),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port() {
        for good in ["127.0.0.1:7601", "[::1]:7601", "node-0.silhouette:7601"] {
            assert_eq!(good.parse::<Address>().expect("parses").as_str(), good);
        }
        for bad in ["", "host", ":7601", "host:", "host:99999", "http://host:1", "user@host:1", "a b:1", "host:1/path"]
        {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
