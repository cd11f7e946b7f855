//! What a key of the configuration takes.

use std::fmt;

use schemars::Schema;
use serde_json::Value;

use super::WithUnit;

/// The schema's name of an IP address and port, see [`EndpointSection`](super::EndpointSection).
pub(super) const ADDRESS_FORMAT: &str = "ip-and-port";

/// What a key takes, as far as people need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A number without a fraction, of at least 0.
    Whole {
        /// The least that its type has.
        least: u64,
        /// The greatest that its type has and YAML can tell.
        most: u64,
    },
    /// Any number.
    Number,
    /// A duration with its unit.
    Duration,
    /// An IP address and port.
    Address,
    /// One of a few words.
    Word(Vec<String>),
    /// Any text.
    Text,
    /// Several values, or something else that only the file can tell well.
    Other,
}

impl Kind {
    /// By the schema of a key, and whether the key may be left open.
    pub(super) fn of(schema: &Schema) -> (Self, bool) {
        if let Some(alternatives) = schema.get("anyOf").and_then(Value::as_array) {
            let optional = alternatives.iter().any(|one| type_names(one) == ["null"]);
            let given = alternatives.iter().find(|one| type_names(one) != ["null"]);
            return (given.map_or(Self::Other, Self::of_value), optional);
        }
        let optional = type_names(schema.as_value()).contains(&"null");
        (Self::of_value(schema.as_value()), optional)
    }

    fn of_value(schema: &Value) -> Self {
        let words = words(schema);
        if !words.is_empty() {
            return Self::Word(words);
        }
        let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
        match type_names(schema).into_iter().find(|name| *name != "null") {
            Some("boolean") => Self::Boolean,
            Some("integer") => Self::Whole { least: least(schema), most: most(format) },
            Some("number") => Self::Number,
            Some("string") if format == WithUnit::FORMAT => Self::Duration,
            Some("string") if format == ADDRESS_FORMAT => Self::Address,
            Some("string") => Self::Text,
            _ => Self::Other,
        }
    }

    /// In a few words.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Boolean | Self::Number | Self::Text => self.to_string(),
            Self::Whole { .. } => "whole number".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Address => "IP:PORT".to_owned(),
            Self::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
            Self::Other => "several values".to_owned(),
        }
    }

    /// Whether values are text in the file, too: then a variable's text is the value, and is not to be read as YAML.
    pub(super) fn is_text(&self) -> bool {
        matches!(self, Self::Duration | Self::Address | Self::Word(_) | Self::Text)
    }
}

/// `type` of a schema: one name, or several.
fn type_names(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The words of an enumeration, documented ones and others.
fn words(schema: &Value) -> Vec<String> {
    let list = |name: &str| schema.get(name).and_then(Value::as_array).into_iter().flatten();
    let documented = list("oneOf").filter_map(|one| one.get("const"));
    documented.chain(list("enum")).filter_map(Value::as_str).map(str::to_owned).collect()
}

/// 1 for a type without zero.
fn least(schema: &Value) -> u64 {
    schema.get("minimum").and_then(Value::as_u64).unwrap_or(0)
}

/// By the integer's format.
fn most(format: &str) -> u64 {
    match format {
        "uint8" => u8::MAX.into(),
        "uint16" => u16::MAX.into(),
        "uint32" => u32::MAX.into(),
        _ => i64::MAX.unsigned_abs(),
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean => f.write_str("true or false"),
            Self::Whole { least, most } => write!(f, "a whole number from {least} to {most}"),
            Self::Number => f.write_str("a number"),
            Self::Duration => f.write_str("a duration with its unit, such as 100ms or 5s, of at most ten years"),
            Self::Address => f.write_str("an IP address and port, such as 127.0.0.1:7601"),
            Self::Word(words) => write!(f, "one of {}", words.join(", ")),
            Self::Text => f.write_str("text"),
            Self::Other => f.write_str("what docs/configuration.md says"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::SocketAddr,
        num::{NonZeroU32, NonZeroUsize},
    };

    use schemars::schema_for;

    use super::{super::LogFormat, *};

    #[test]
    fn kinds_follow_from_types() {
        assert_eq!(Kind::of(&schema_for!(u8)), (Kind::Whole { least: 0, most: 255 }, false));
        assert_eq!(Kind::of(&schema_for!(NonZeroU32)), (Kind::Whole { least: 1, most: u32::MAX.into() }, false));
        let most = i64::MAX.unsigned_abs();
        assert_eq!(Kind::of(&schema_for!(Option<NonZeroUsize>)), (Kind::Whole { least: 1, most }, true));
        assert_eq!(Kind::of(&schema_for!(f64)), (Kind::Number, false));
        assert_eq!(Kind::of(&schema_for!(Option<bool>)), (Kind::Boolean, true));
        assert_eq!(Kind::of(&schema_for!(SocketAddr)), (Kind::Text, false));
        assert_eq!(Kind::of(&schema_for!(WithUnit)), (Kind::Duration, false));
        assert_eq!(Kind::of(&schema_for!(Vec<u8>)), (Kind::Other, false));
        let words = Kind::Word(["auto", "compact", "json"].map(str::to_owned).to_vec());
        assert_eq!(Kind::of(&schema_for!(LogFormat)), (words, false));
    }
}
