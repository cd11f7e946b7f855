//! What lookups have found, and what it took.

use std::fmt;

/// How values were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// By private queries.
    Queries,
    /// From the masked encoding, downloaded whole.
    Download,
}

/// Payload that lookups have moved, framing left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Traffic {
    /// Queries sent, dummies included, each counted once however often it was repeated.
    pub queries: u64,
    /// Bytes of queries.
    pub bytes_sent: u64,
    /// Bytes of answers, hint and encoding.
    pub bytes_received: u64,
}

/// What lookups have found.
#[derive(Clone, PartialEq, Eq)]
pub struct Answers {
    pub(super) values: Vec<Option<Vec<u8>>>,
    pub(super) method: Method,
    pub(super) traffic: Traffic,
}

impl Answers {
    /// A value for each key, in the order of the keys; `None` where the key was not published.
    pub fn values(&self) -> &[Option<Vec<u8>>] {
        &self.values
    }

    /// As [`Answers::values`], by value.
    pub fn into_values(self) -> Vec<Option<Vec<u8>>> {
        self.values
    }

    /// How they were read.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// What it took. A hint or an encoding that was kept from before is not counted again.
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("method", &self.method).field("traffic", &self.traffic).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_not_shown() {
        let answers = Answers {
            values: vec![Some(b"a secret value".to_vec())],
            method: Method::Queries,
            traffic: Traffic::default(),
        };
        let shown = format!("{answers:?}");
        assert!(!shown.contains("secret") && !shown.contains("97"), "{shown}");
    }
}
