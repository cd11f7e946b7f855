//! What the bytes of a value mean: how they are typed, and how they are shown.
//!
//! Values are bytes to the cluster. A type says which bytes a text stands for; numbers are 8 bytes, **little-endian**,
//! as x86 and ARM processors, numpy's `<f8` `<i8` `<u8` and Rust's `to_le_bytes` have them. Publish and read with the
//! same type: nothing in a round remembers it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Number, Value, value::RawValue};

use crate::output::{Text, printable};

/// What the bytes of a value mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ValueType {
    /// The bytes as they are; shown as text if they are UTF-8
    #[default]
    Text,
    /// An IEEE 754 binary64 number in 8 bytes, little-endian
    F64,
    /// A whole number from -2^63 to 2^63-1 in 8 bytes, little-endian two's complement
    I64,
    /// A whole number from 0 to 2^64-1 in 8 bytes, little-endian
    U64,
    /// Any bytes, in base64 with padding
    Bytes,
    /// A JSON document, checked and kept as it is written
    Json,
}

/// Why a text or bytes are no value of a type. It never shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ValueError {
    /// It is no number of the type.
    #[error("the value is no {0}")]
    NoNumber(&'static str),
    /// It is not base64.
    #[error("the value is no base64 with padding")]
    NoBase64,
    /// It is not JSON; where in it, in bytes from 0.
    #[error("the value is no JSON document")]
    NoJson(usize),
    /// In JSON it must be of another type.
    #[error("the value is a JSON {found}, and must be {expected}")]
    JsonType {
        /// What it is.
        found: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// It has too few or too many bytes.
    #[error("the value has {found} bytes, and {name} takes 8")]
    Length {
        /// The type.
        name: &'static str,
        /// How many it has.
        found: usize,
    },
}

/// A value as it is shown.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Shown {
    /// Text or bytes.
    Text(Text),
    /// A number that JSON has.
    Number(Number),
    /// A document.
    Json(Value),
}

impl ValueType {
    /// As it is named on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::F64 => "f64",
            Self::I64 => "i64",
            Self::U64 => "u64",
            Self::Bytes => "bytes",
            Self::Json => "json",
        }
    }

    /// The bytes that a text stands for.
    pub(crate) fn parse(self, text: &[u8]) -> Result<Vec<u8>, ValueError> {
        let number = || std::str::from_utf8(text).map_err(|_| ValueError::NoNumber(self.name()));
        let no_number = ValueError::NoNumber(self.name());
        match self {
            Self::Text => Ok(text.to_vec()),
            Self::F64 => number()?.parse::<f64>().map(|number| number.to_le_bytes().to_vec()).map_err(|_| no_number),
            Self::I64 => number()?.parse::<i64>().map(|number| number.to_le_bytes().to_vec()).map_err(|_| no_number),
            Self::U64 => number()?.parse::<u64>().map(|number| number.to_le_bytes().to_vec()).map_err(|_| no_number),
            Self::Bytes => STANDARD.decode(text).map_err(|_| ValueError::NoBase64),
            Self::Json => match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
                Ok(_) => Ok(text.to_vec()),
                Err(error) => Err(ValueError::NoJson(offset(text, &error))),
            },
        }
    }

    /// The bytes that a value in JSON stands for: of numbers a number, or a string where JSON has none, such as
    /// `"NaN"`; of bytes a string of base64; of text a string; and `{"base64": ".."}` for both.
    pub(crate) fn parse_json(self, value: &RawValue) -> Result<Vec<u8>, ValueError> {
        if self == Self::Json {
            return Ok(value.get().as_bytes().to_vec());
        }
        let given: Value = serde_json::from_str(value.get()).map_err(|_| ValueError::NoJson(0))?;
        match (self, &given) {
            (Self::F64 | Self::I64 | Self::U64, Value::Number(_)) => self.parse(value.get().as_bytes()),
            (_, Value::String(text)) => self.parse(text.as_bytes()),
            (Self::Text | Self::Bytes, Value::Object(_)) => base64_object(&given).ok_or(ValueError::NoBase64),
            _ => Err(ValueError::JsonType {
                found: json_type(&given),
                expected: match self {
                    Self::Text | Self::Bytes => "a string or {\"base64\": \"..\"}",
                    _ => "a number, or a string that holds one",
                },
            }),
        }
    }

    /// A value as it is shown, in documents and tables.
    pub(crate) fn show(self, bytes: Vec<u8>) -> Result<Shown, ValueError> {
        let eight = || <[u8; 8]>::try_from(&bytes[..]);
        let length = |_| ValueError::Length { name: self.name(), found: bytes.len() };
        Ok(match self {
            Self::Text => Shown::Text(bytes.into()),
            Self::Bytes => Shown::Text(Text::Bytes { base64: STANDARD.encode(bytes) }),
            Self::F64 => float(f64::from_le_bytes(eight().map_err(length)?)),
            Self::I64 => Shown::Number(i64::from_le_bytes(eight().map_err(length)?).into()),
            Self::U64 => Shown::Number(u64::from_le_bytes(eight().map_err(length)?).into()),
            Self::Json => {
                let document = serde_json::from_slice(&bytes);
                Shown::Json(document.map_err(|error| ValueError::NoJson(offset(&bytes, &error)))?)
            }
        })
    }
}

impl Shown {
    /// On one line, for a table.
    pub(crate) fn printable(&self) -> String {
        match self {
            Self::Text(text) => text.printable(),
            Self::Number(number) => number.to_string(),
            Self::Json(document) => printable(&document.to_string()),
        }
    }
}

/// JSON has neither infinities nor NaN: these are shown as the strings that are read as them.
fn float(number: f64) -> Shown {
    Number::from_f64(number).map_or_else(|| Shown::Text(Text::Utf8(number.to_string())), Shown::Number)
}

/// The bytes of `{"base64": ".."}`.
pub(crate) fn base64_object(given: &Value) -> Option<Vec<u8>> {
    let object = given.as_object().filter(|object| object.len() == 1)?;
    STANDARD.decode(object.get("base64")?.as_str()?).ok()
}

/// What a JSON value is, in JSON's words.
pub(crate) const fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Where in `text` an error is, in bytes from its beginning.
fn offset(text: &[u8], error: &serde_json::Error) -> usize {
    let before = text.split_inclusive(|&byte| byte == b'\n').take(error.line().saturating_sub(1));
    before.map(<[u8]>::len).sum::<usize>() + error.column().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(kind: ValueType, bytes: &[u8]) -> String {
        serde_json::to_string(&kind.show(bytes.to_vec()).expect("it is one")).expect("serialises")
    }

    #[test]
    fn numbers_are_eight_bytes_little_endian() {
        assert_eq!(ValueType::F64.parse(b"1.5"), Ok(vec![0, 0, 0, 0, 0, 0, 0xf8, 0x3f]));
        assert_eq!(ValueType::I64.parse(b"-2"), Ok(vec![0xfe, 255, 255, 255, 255, 255, 255, 255]));
        assert_eq!(ValueType::U64.parse(b"258"), Ok(vec![2, 1, 0, 0, 0, 0, 0, 0]));
        assert_eq!(ValueType::U64.parse(b"18446744073709551615"), Ok(vec![255; 8]));
    }

    #[test]
    fn what_is_typed_is_shown_again() {
        let all = [
            (ValueType::Text, "gr\u{f6}\u{df}e 3", "\"gr\u{f6}\u{df}e 3\""),
            (ValueType::F64, "0.30000000000000004", "0.30000000000000004"),
            (ValueType::F64, "3", "3.0"),
            (ValueType::F64, "-0", "-0.0"),
            (ValueType::F64, "1e300", "1e+300"),
            (ValueType::F64, "NaN", "\"NaN\""),
            (ValueType::F64, "-inf", "\"-inf\""),
            (ValueType::I64, "-9223372036854775808", "-9223372036854775808"),
            (ValueType::U64, "18446744073709551615", "18446744073709551615"),
            (ValueType::Bytes, "/wA=", "{\"base64\":\"/wA=\"}"),
            (ValueType::Json, "{\"b\": [1, null]}", "{\"b\":[1,null]}"),
        ];
        for (kind, typed, document) in all {
            assert_eq!(shown(kind, &kind.parse(typed.as_bytes()).expect(typed)), document, "{typed}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused_without_showing_it() {
        for (kind, text) in [
            (ValueType::F64, "three"),
            (ValueType::F64, ""),
            (ValueType::F64, " 1"),
            (ValueType::I64, "1.0"),
            (ValueType::I64, "9223372036854775808"),
            (ValueType::U64, "-1"),
        ] {
            assert_eq!(kind.parse(text.as_bytes()), Err(ValueError::NoNumber(kind.name())), "{text}");
        }
        assert_eq!(ValueType::I64.parse(b"\xff"), Err(ValueError::NoNumber("i64")));
        assert_eq!(ValueType::Bytes.parse(b"/wA"), Err(ValueError::NoBase64));
        assert_eq!(ValueType::Json.parse(b"{\"a\": tru}"), Err(ValueError::NoJson(9)));
        assert_eq!(ValueType::Json.parse(b"[1,\n 2,]"), Err(ValueError::NoJson(7)));
        assert_eq!(ValueType::Json.parse(b"1 2"), Err(ValueError::NoJson(2)));
    }

    #[test]
    fn a_value_of_another_length_says_so() {
        for kind in [ValueType::F64, ValueType::I64, ValueType::U64] {
            for found in [0, 7, 9] {
                assert_eq!(kind.show(vec![0; found]), Err(ValueError::Length { name: kind.name(), found }));
            }
        }
        let error = ValueType::F64.show(vec![0; 5]).expect_err("it is too short");
        assert_eq!(error.to_string(), "the value has 5 bytes, and f64 takes 8");
    }

    #[test]
    fn json_values_stand_for_bytes_too() {
        let parse =
            |kind: ValueType, text: &str| kind.parse_json(&RawValue::from_string(text.to_owned()).expect("it is JSON"));
        assert_eq!(parse(ValueType::Text, "\"a\\u0000b\""), Ok(b"a\0b".to_vec()));
        assert_eq!(parse(ValueType::Text, "{\"base64\": \"/w==\"}"), Ok(vec![255]));
        assert_eq!(parse(ValueType::Bytes, "\"/w==\""), Ok(vec![255]));
        assert_eq!(parse(ValueType::F64, "0.1"), ValueType::F64.parse(b"0.1"));
        assert_eq!(parse(ValueType::F64, "\"NaN\""), ValueType::F64.parse(b"NaN"));
        assert_eq!(parse(ValueType::U64, "18446744073709551615"), Ok(vec![255; 8]));
        assert_eq!(
            parse(ValueType::Json, "[1.0, 12345678901234567890123]"),
            Ok(b"[1.0, 12345678901234567890123]".to_vec())
        );
        assert_eq!(parse(ValueType::Bytes, "{\"hex\": \"ff\"}"), Err(ValueError::NoBase64));
        assert_eq!(parse(ValueType::U64, "1.5"), Err(ValueError::NoNumber("u64")));
        assert!(matches!(parse(ValueType::Text, "3"), Err(ValueError::JsonType { found: "number", .. })));
        assert!(matches!(parse(ValueType::F64, "null"), Err(ValueError::JsonType { found: "null", .. })));
    }
}
