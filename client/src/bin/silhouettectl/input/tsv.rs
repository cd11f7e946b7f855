//! Lines of a key, a tab and a value.
//!
//! Both are taken byte for byte, and a value may hold tabs. A line of keys is a key; what follows a tab is left out, so
//! that a published file can be read back.

use super::{Pair, Place, Problem, Wrong};
use crate::value_type::ValueType;

/// Reads pairs, each with its line.
pub(super) fn pairs(content: &[u8], kind: ValueType) -> Result<Vec<(usize, Pair)>, Wrong> {
    let pair = |(line, text): (usize, &[u8])| {
        let (key, value) = split(line, text)?;
        let value = value.ok_or_else(|| Place::line(line).is(Problem::NoTab))?;
        let begins = Place::column(line, key.len() + 2);
        Ok((line, (key.to_vec(), kind.parse(value).map_err(|error| begins.holds(error))?)))
    };
    lines(content).map(pair).collect()
}

/// Reads keys.
pub(super) fn keys(content: &[u8]) -> Result<Vec<Vec<u8>>, Wrong> {
    lines(content).map(|(line, text)| split(line, text).map(|(key, _)| key.to_vec())).collect()
}

/// Lines and their numbers from 1. The last one may lack its line end.
pub(super) fn lines(content: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let any = !content.is_empty();
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    content.split(|&byte| byte == b'\n').enumerate().filter(move |_| any).map(|(index, line)| (index + 1, line))
}

/// A line's key, and its value if it has a tab.
fn split(line: usize, text: &[u8]) -> Result<(&[u8], Option<&[u8]>), Wrong> {
    if text.ends_with(b"\r") {
        return Err(Place::column(line, text.len()).is(Problem::CarriageReturn));
    }
    let mut fields = text.splitn(2, |&byte| byte == b'\t');
    match fields.next() {
        None | Some([]) => Err(Place::column(line, 1).is(Problem::EmptyKey)),
        Some(key) => Ok((key, fields.next())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &[u8]) -> Result<Vec<(usize, Pair)>, String> {
        pairs(content, ValueType::Text).map_err(|wrong| wrong.to_string())
    }

    fn pair(line: usize, key: &[u8], value: &[u8]) -> (usize, Pair) {
        (line, (key.to_vec(), value.to_vec()))
    }

    #[test]
    fn pairs_are_taken_byte_for_byte() {
        assert_eq!(text(b""), Ok(vec![]));
        assert_eq!(text(b"a\t1\nb\t\n"), Ok(vec![pair(1, b"a", b"1"), pair(2, b"b", b"")]));
        assert_eq!(text(b"a b\t 1\t2 "), Ok(vec![pair(1, b"a b", b" 1\t2 ")]));
        assert_eq!(text(b"\xff\x00\t\xfe"), Ok(vec![pair(1, b"\xff\x00", b"\xfe")]));
    }

    #[test]
    fn a_bad_line_is_named_by_line_and_column() {
        let said = |content: &[u8]| text(content).expect_err("it is wrong");
        assert_eq!(said(b"a\t1\nb 2\n"), "line 2: there is no tab between key and value");
        assert_eq!(said(b"a\t1\n\nb\t2\n"), "line 2, column 1: the key is empty");
        assert_eq!(said(b"\n"), "line 1, column 1: the key is empty");
        assert_eq!(said(b"\t1"), "line 1, column 1: the key is empty");
        assert!(said(b"a\t1\r\n").starts_with("line 1, column 4: it ends with a carriage return"));
    }

    #[test]
    fn a_value_of_another_type_is_named_by_its_column() {
        let said = |kind, content: &[u8]| pairs(content, kind).expect_err("it is wrong").to_string();
        assert_eq!(said(ValueType::F64, b"a\t1\nbcd\tx\n"), "line 2, column 5: the value is no f64");
        assert_eq!(said(ValueType::Json, b"a\t{\"b\": tru}\n"), "line 1, column 12: the value is no JSON document");
        assert_eq!(pairs(b"a\t2\n", ValueType::U64), Ok(vec![pair(1, b"a", &2_u64.to_le_bytes())]));
    }

    #[test]
    fn keys_may_be_read_from_a_published_file_and_repeat() {
        assert_eq!(keys(b"a\nb\ta value\na\n"), Ok(vec![b"a".to_vec(), b"b".to_vec(), b"a".to_vec()]));
        assert_eq!(keys(b"a\n\n").expect_err("it is empty").to_string(), "line 2, column 1: the key is empty");
        assert_eq!(keys(b""), Ok(vec![]));
    }
}
