//! Amounts with units, as texts.
//!
//! They are checked by rules instead of patterns, so that who writes another is told what is taken rather than a regular
//! expression. Both are a part of what Kubernetes takes: whole bytes, and cores to a thousandth.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Bytes, such as `512Mi`, `2Gi` or `10G`.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(transparent)]
#[schemars(inline, extend("minLength" = 1, "maxLength" = 15, "x-kubernetes-validations" = [json!({
    "rule": "self.matches('^([1-9][0-9]{0,14}|[1-9][0-9]{0,5}(k|M|G|T|Ki|Mi|Gi|Ti))$')",
    "message": "must be a whole number of bytes, with a unit or without, such as 512Mi, 2Gi or 10G",
})]))]
pub struct ByteQuantity(pub String);

/// Cores, such as `2`, `0.5` or `500m`.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(transparent)]
#[schemars(inline, extend("minLength" = 1, "maxLength" = 8, "x-kubernetes-validations" = [json!({
    "rule": "self.matches('^([1-9][0-9]{0,3}([.][0-9]{1,3})?|0[.][0-9]{1,3}|[1-9][0-9]{0,6}m)$')",
    "message": "must be a number of cores, such as 2, 0.5 or 500m",
})]))]
pub struct CpuQuantity(pub String);

/// A text that is no amount of bytes. The API server lets none through.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no number of bytes")]
pub struct InvalidQuantity(pub String);

/// Units, and how many bytes each has.
const UNITS: [(&str, u64); 8] = [
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("k", 1_000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
];

impl ByteQuantity {
    /// In bytes.
    pub fn bytes(&self) -> Result<u64, InvalidQuantity> {
        let with_unit = UNITS.iter().find_map(|(unit, bytes)| Some((self.0.strip_suffix(unit)?, *bytes)));
        let (number, unit) = with_unit.unwrap_or((&self.0, 1));
        let invalid = || InvalidQuantity(self.0.clone());
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(invalid());
        }
        number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(invalid)
    }
}

impl From<&str> for ByteQuantity {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<&str> for CpuQuantity {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for ByteQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for CpuQuantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_binary_units_decimal_units_or_none() {
        let bytes = |text: &str| ByteQuantity::from(text).bytes();
        assert_eq!(bytes("2Gi"), Ok(2 << 30));
        assert_eq!(bytes("512Mi"), Ok(512 << 20));
        assert_eq!(bytes("10G"), Ok(10_000_000_000));
        assert_eq!(bytes("7k"), Ok(7_000));
        assert_eq!(bytes("1048576"), Ok(1 << 20));
        assert_eq!(bytes("999999Ti"), Ok(999_999 << 40));
    }

    #[test]
    fn what_is_no_number_of_bytes_is_an_error() {
        for text in ["", "Gi", "1.5Gi", "-1", "+1", "2gi", "2 Gi", "99999999999Ti"] {
            assert_eq!(ByteQuantity::from(text).bytes(), Err(InvalidQuantity(text.to_owned())), "{text}");
        }
    }
}
