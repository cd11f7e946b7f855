//! Comma-separated values, as spreadsheets and RFC 4180 have them.
//!
//! A record is a key and a value, or, under titles, what stands in the columns of that name. A quoted field may hold
//! commas, quotes (doubled) and line ends; it is taken byte for byte. A problem's line is that in which its record
//! begins.

use csv::{ByteRecord, ErrorKind, Position, Reader, ReaderBuilder};

use super::{Pair, Place, Problem, Wrong};
use crate::value_type::ValueType;

const KEY: &str = "key";
const VALUE: &str = "value";

/// Finds lines by bytes. The reader's own count is one behind after a carriage return.
#[derive(Debug)]
struct Lines<'a> {
    left: &'a [u8],
    byte: usize,
    line: usize,
}

/// Where the fields of a record are.
#[derive(Debug, Clone, Copy)]
struct Columns {
    key: usize,
    /// `None` if values are passed over.
    value: Option<usize>,
}

/// Reads pairs, each with its line.
pub(super) fn pairs(content: &[u8], header: bool, kind: ValueType) -> Result<Vec<(usize, Pair)>, Wrong> {
    let mut reader = reader(content, header);
    let mut lines = Lines::new(content);
    let columns = Columns::find(&mut reader, header, true)?;
    let mut pairs = Vec::new();
    for record in reader.byte_records() {
        let record = record.map_err(|error| malformed(&error, &mut lines))?;
        let line = lines.of(record.position());
        if !header && record.len() != 2 {
            return Err(Place::line(line).is(Problem::Fields { found: record.len() as u64, expected: 2 }));
        }
        let value = columns.value.and_then(|column| record.get(column)).unwrap_or_default();
        let value = kind.parse(value).map_err(|error| Place::field(line, VALUE).holds(error))?;
        pairs.push((line, (columns.key(&record, line)?, value)));
    }
    Ok(pairs)
}

/// Reads keys: the first column, or the one that is titled so.
pub(super) fn keys(content: &[u8], header: bool) -> Result<Vec<Vec<u8>>, Wrong> {
    let mut reader = reader(content, header);
    let columns = Columns::find(&mut reader, header, false)?;
    let mut lines = Lines::new(content);
    let key = |record: Result<ByteRecord, csv::Error>| {
        let record = record.map_err(|error| malformed(&error, &mut lines))?;
        columns.key(&record, lines.of(record.position()))
    };
    reader.byte_records().map(key).collect()
}

fn reader(content: &[u8], header: bool) -> Reader<&[u8]> {
    // A record with fields of its own number is a mistake, which the reader tells.
    ReaderBuilder::new().has_headers(header).flexible(false).from_reader(content)
}

impl Columns {
    fn find(reader: &mut Reader<&[u8]>, header: bool, values: bool) -> Result<Self, Wrong> {
        if !header {
            return Ok(Self { key: 0, value: values.then_some(1) });
        }
        let titles = reader.byte_headers().map_err(|_| Place::line(1).is(Problem::NoColumn(KEY)))?;
        let column = |title: &'static str| {
            let found = titles.iter().position(|found| found == title.as_bytes());
            found.ok_or_else(|| Place::line(1).is(Problem::NoColumn(title)))
        };
        Ok(Self { key: column(KEY)?, value: if values { Some(column(VALUE)?) } else { None } })
    }

    fn key(self, record: &ByteRecord, line: usize) -> Result<Vec<u8>, Wrong> {
        match record.get(self.key) {
            None | Some([]) => Err(Place::field(line, KEY).is(Problem::EmptyKey)),
            Some(key) => Ok(key.to_vec()),
        }
    }
}

impl<'a> Lines<'a> {
    fn new(content: &'a [u8]) -> Self {
        Self { left: content, byte: 0, line: 1 }
    }

    /// The line that holds the first byte of a record, from 1. Records follow one another.
    fn of(&mut self, record: Option<&Position>) -> usize {
        let begin = record.map_or(0, |position| position.byte() as usize);
        self.pass(begin.saturating_sub(self.byte));
        // A record is said to begin with what is left of the line end before it, and with blank lines.
        self.pass(self.left.iter().take_while(|&&byte| matches!(byte, b'\r' | b'\n')).count());
        self.line
    }

    fn pass(&mut self, bytes: usize) {
        let (passed, left) = self.left.split_at(bytes.min(self.left.len()));
        self.line += passed.split(|&byte| byte == b'\n').count() - 1;
        self.byte += passed.len();
        self.left = left;
    }
}

/// What the reader itself finds wrong. All fields are bytes, and are read from memory: it is their number.
fn malformed(error: &csv::Error, lines: &mut Lines<'_>) -> Wrong {
    let (found, expected) = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => (*len, *expected_len),
        _ => (0, 2),
    };
    Place::line(lines.of(error.position())).is(Problem::Fields { found, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(line: usize, key: &[u8], value: &[u8]) -> (usize, Pair) {
        (line, (key.to_vec(), value.to_vec()))
    }

    #[test]
    fn records_are_keys_and_values() {
        let content = b"a,1\r\n\"b,\"\"c\"\"\",\"line\nend\"\nd\xff,\n";
        let expected = vec![pair(1, b"a", b"1"), pair(2, b"b,\"c\"", b"line\nend"), pair(4, b"d\xff", b"")];
        assert_eq!(pairs(content, false, ValueType::Text), Ok(expected));
        assert_eq!(pairs(b"", false, ValueType::Text), Ok(vec![]));
        assert_eq!(keys(content, false), Ok(vec![b"a".to_vec(), b"b,\"c\"".to_vec(), b"d\xff".to_vec()]));
    }

    #[test]
    fn titles_say_which_columns_count() {
        let content = b"value,note,key\n3,x,a\n4,y,b\n";
        let expected = vec![pair(2, b"a", &3_i64.to_le_bytes()), pair(3, b"b", &4_i64.to_le_bytes())];
        assert_eq!(pairs(content, true, ValueType::I64), Ok(expected));
        assert_eq!(keys(b"key\na\n", true), Ok(vec![b"a".to_vec()]));
        let missing = pairs(b"key,level\na,3\n", true, ValueType::Text).expect_err("no column is titled value");
        assert_eq!(missing.to_string(), "line 1: no column is titled \"value\"");
    }

    #[test]
    fn a_bad_record_is_named_by_line_and_field() {
        let said = |content: &[u8], kind| pairs(content, false, kind).expect_err("it is wrong").to_string();
        assert_eq!(said(b"a,1\nb\n", ValueType::Text), "line 2: it has 1 fields, and must have 2");
        assert_eq!(said(b"a,1,2\n", ValueType::Text), "line 1: it has 3 fields, and must have 2");
        assert_eq!(said(b"a,1\r\n\r\nb\r\n", ValueType::Text), "line 3: it has 1 fields, and must have 2");
        assert_eq!(said(b"a,1\n,2\n", ValueType::Text), "line 2, key: the key is empty");
        assert_eq!(said(b"a,1\nb,x\n", ValueType::F64), "line 2, value: the value is no f64");
        assert_eq!(said(b"a,\"1\n2\"\nb,x\n", ValueType::Json), "line 1, value: the value is no JSON document");
    }
}
