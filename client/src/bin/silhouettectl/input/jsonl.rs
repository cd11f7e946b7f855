//! A JSON object a line: `{"key": "vertex-17", "value": 3.0}`.
//!
//! A key is a string, or `{"base64": ".."}` for bytes that are no text; what a value is depends on its type. Blank
//! lines are passed over, as tools that write JSON lines end with one.

use serde::Deserialize;
use serde_json::{Value, error::Category, value::RawValue};

use super::{Pair, Place, Problem, Wrong, tsv::lines};
use crate::value_type::{ValueType, base64_object};

/// A line, its parts as they are written: so a number keeps all its digits.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    key: &'a RawValue,
    #[serde(borrow)]
    value: Option<&'a RawValue>,
}

/// Reads pairs, each with its line.
pub(super) fn pairs(content: &[u8], kind: ValueType) -> Result<Vec<(usize, Pair)>, Wrong> {
    let pair = |(number, text): (usize, &[u8])| {
        let line = parse(number, text)?;
        let key = key(number, text, line.key)?;
        let value = line.value.ok_or_else(|| Place::line(number).is(Problem::NoPair))?;
        let begins = column(number, text, value);
        Ok((number, (key, kind.parse_json(value).map_err(|error| begins.holds(error))?)))
    };
    objects(content).map(pair).collect()
}

/// Reads keys. A line need not have a value.
pub(super) fn keys(content: &[u8]) -> Result<Vec<Vec<u8>>, Wrong> {
    objects(content).map(|(number, text)| key(number, text, parse(number, text)?.key)).collect()
}

fn objects(content: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    lines(content).filter(|(_, text)| !text.trim_ascii().is_empty())
}

fn parse(number: usize, text: &[u8]) -> Result<Line<'_>, Wrong> {
    if text.trim_ascii_start().starts_with(b"[") {
        // An array of two would be read as the two fields.
        return Err(Place::column(number, 1).is(Problem::NoPair));
    }
    serde_json::from_slice(text).map_err(|error| {
        // Its sentence would show what stands there.
        let problem = if error.classify() == Category::Data { Problem::NoPair } else { Problem::NoJson };
        Place::column(number, error.column().max(1)).is(problem)
    })
}

fn key(number: usize, text: &[u8], raw: &RawValue) -> Result<Vec<u8>, Wrong> {
    let begins = column(number, text, raw);
    let given: Value = serde_json::from_str(raw.get()).map_err(|_| begins.is(Problem::NoJson))?;
    let key = match &given {
        Value::String(text) => Some(text.clone().into_bytes()),
        given => base64_object(given),
    };
    match key {
        None => Err(begins.is(Problem::KeyType)),
        Some(key) if key.is_empty() => Err(begins.is(Problem::EmptyKey)),
        Some(key) => Ok(key),
    }
}

/// Where in its line a part begins.
fn column(number: usize, text: &[u8], part: &RawValue) -> Place {
    // Borrowed from the line: the difference of the addresses is the offset.
    let offset = part.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    Place::column(number, offset + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(line: usize, key: &[u8], value: &[u8]) -> (usize, Pair) {
        (line, (key.to_vec(), value.to_vec()))
    }

    #[test]
    fn a_line_is_a_pair() {
        let content = b"{\"key\": \"a\", \"value\": \"1\"}\n\n\
            {\"value\": {\"base64\": \"/w==\"}, \"key\": {\"base64\": \"AP8=\"}}\r\n";
        let expected = vec![pair(1, b"a", b"1"), pair(3, b"\x00\xff", b"\xff")];
        assert_eq!(pairs(content, ValueType::Text), Ok(expected));
        let number = b"{\"key\":\"a\",\"value\":0.1}";
        assert_eq!(pairs(number, ValueType::F64), Ok(vec![pair(1, b"a", &0.1_f64.to_le_bytes())]));
        assert_eq!(pairs(number, ValueType::Json), Ok(vec![pair(1, b"a", b"0.1")]));
        assert_eq!(pairs(b"", ValueType::Text), Ok(vec![]));
    }

    #[test]
    fn keys_need_no_values() {
        assert_eq!(keys(b"{\"key\": \"a\"}\n{\"key\": \"b\", \"value\": 3}\n"), Ok(vec![b"a".to_vec(), b"b".to_vec()]));
    }

    #[test]
    fn a_bad_line_is_named_by_line_and_column_and_not_shown() {
        let said = |content: &str, kind| pairs(content.as_bytes(), kind).expect_err("it is wrong").to_string();
        let good = "{\"key\": \"a\", \"value\": \"1\"}\n";
        let text = ValueType::Text;
        assert_eq!(said(&format!("{good}{{\"key\": \"b\" 1}}\n"), text), "line 2, column 13: it is no JSON");
        assert_eq!(said("secret\n", text), "line 1, column 1: it is no JSON");
        let no_pair = "it is no JSON object of \"key\" and \"value\" alone";
        for content in
            ["\"secret\"", "{\"key\": \"a\"}", "{\"key\": \"a\", \"value\": 1, \"secret\": 2}", "[\"secret\", 2]"]
        {
            let said = said(content, text);
            assert!(said.ends_with(no_pair) && !said.contains("secret"), "{content}: {said}");
        }
        let key = "line 1, column 9: the key must be a string or {\"base64\": \"..\"}";
        assert_eq!(said("{\"key\": 17, \"value\": \"1\"}", text), key);
        assert_eq!(said("{\"key\": \"\", \"value\": \"1\"}", text), "line 1, column 9: the key is empty");
        let value = "{\"key\": \"a\", \"value\": \"x\"}";
        assert_eq!(said(value, ValueType::F64), "line 1, column 23: the value is no f64");
    }
}
