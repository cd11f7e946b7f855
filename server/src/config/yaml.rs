//! Reads YAML with the place of each value, and writes single values.

use saphyr::{LoadableYamlNode as _, MarkedYaml, Scalar, ScanError, YamlData};
use serde_json::{Number, Value};

/// Reads a document; nothing and comments alone are `null`.
pub(super) fn read(text: &str) -> Result<MarkedYaml<'_>, ScanError> {
    let mut documents = MarkedYaml::load_from_str(text)?;
    match documents.len() {
        0 | 1 => Ok(documents.pop().unwrap_or_else(|| MarkedYaml::value_from_str("null"))),
        _ => Err(ScanError::new_str(documents[1].span.start, "a second document begins")),
    }
}

/// The value of a node without its places. `None` if JSON has no such value.
pub(super) fn value(node: &MarkedYaml<'_>) -> Option<Value> {
    match &node.data {
        YamlData::Value(scalar) => scalar_value(scalar),
        YamlData::Sequence(nodes) => nodes.iter().map(value).collect::<Option<_>>().map(Value::Array),
        YamlData::Mapping(mapping) => {
            let pairs = mapping.iter().map(|(key, node)| Some((key.data.as_str()?.to_owned(), value(node)?)));
            pairs.collect::<Option<_>>().map(Value::Object)
        }
        YamlData::Tagged(..) | YamlData::Representation(..) | YamlData::Alias(_) | YamlData::BadValue => None,
    }
}

/// The value that a text has in YAML where it stands alone, without quotes.
pub(super) fn plain(text: &str) -> Option<Value> {
    scalar_value(&Scalar::parse_from_cow(text.into()))
}

fn scalar_value(scalar: &Scalar<'_>) -> Option<Value> {
    match scalar {
        Scalar::Null => Some(Value::Null),
        Scalar::Boolean(value) => Some(Value::Bool(*value)),
        Scalar::Integer(value) => Some(Value::from(*value)),
        Scalar::FloatingPoint(value) => Number::from_f64(value.into_inner()).map(Value::Number),
        Scalar::String(text) => Some(Value::from(text.as_ref())),
    }
}

/// A value on one line.
pub(super) fn write(value: &Value) -> String {
    match value {
        Value::String(text) if is_plain(text) => text.clone(),
        // JSON is YAML.
        value => value.to_string(),
    }
}

/// Whether a text stays the same text without quotes. Careful rather than complete.
fn is_plain(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        && text.split(' ').all(|word| {
            !word.is_empty()
                && !word.ends_with(':')
                && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._:=,-".contains(c))
        })
        && plain(text) == Some(Value::from(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn reads_back(given: &Value) -> Result<(), TestCaseError> {
        let text = format!("key: {}  # a comment\n", write(given));
        let node = read(&text).map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
        prop_assert_eq!(value(&node), Some(json!({ "key": given })));
        Ok(())
    }

    proptest! {
        #[test]
        fn texts_read_back(text in ".*") {
            reads_back(&Value::from(text))?;
        }

        #[test]
        fn texts_that_look_like_something_else_read_back(text in "[-+~0-9a-zA-Z.:/ #,={}'\"!&*|>%@`\\[\\]]{0,8}") {
            reads_back(&Value::from(text))?;
        }

        #[test]
        fn numbers_read_back(number in 0..i64::MAX) {
            reads_back(&Value::from(number))?;
        }
    }

    #[test]
    fn usual_texts_have_no_quotes() {
        for text in ["100ms", "1m 30s", "/var/lib/silhouette", "127.0.0.1:7601", "info,slog=warn"] {
            assert_eq!(write(&Value::from(text)), text);
        }
        for text in ["", "12", "true", "null", "~", "a: b", "a #b", "[::1]:7601", "1e3", "a:"] {
            assert_eq!(write(&Value::from(text)), format!("{text:?}"));
        }
    }

    #[test]
    fn a_second_document_is_refused() {
        assert!(read("a: 1\n---\nb: 2\n").is_err());
    }
}
