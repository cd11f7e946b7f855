//! The id by which one call of a user is found again: in its errors, in the logs of every node that it touched, in
//! traces.

use std::{fmt, str::FromStr};

/// Metadata under which a request and its response name their id.
pub(crate) const REQUEST_ID: &str = "silhouette-request-id";

/// Digits of an id.
const DIGITS: usize = 16;

/// The id of a call: 16 hexadecimal digits in lower case. Nothing else is taken from a client, so that nothing else of
/// a client's choice gets into logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId(u64);

impl RequestId {
    /// A new one, for a call whose client gave none.
    pub(crate) fn draw() -> Self {
        // It is for finding lines again, and secures nothing: without randomness calls share an id.
        Self(getrandom::u64().unwrap_or_default())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Not 16 hexadecimal digits in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a request id is {DIGITS} hexadecimal digits in lower case")]
pub(crate) struct MalformedRequestId;

impl FromStr for RequestId {
    type Err = MalformedRequestId;

    fn from_str(text: &str) -> Result<Self, MalformedRequestId> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() != DIGITS || !text.bytes().all(is_digit) {
            return Err(MalformedRequestId);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| MalformedRequestId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_nothing_else_does() {
        let id = RequestId(0x5f3a);
        assert_eq!(id.to_string(), "0000000000005f3a");
        assert_eq!(id.to_string().parse(), Ok(id));
        for other in ["", "5f3a", "0000000000005F3A", "+000000000005f3a", "0000000000005f3a0", "a-users-own-name"] {
            assert_eq!(other.parse::<RequestId>(), Err(MalformedRequestId), "{other}");
        }
    }
}
