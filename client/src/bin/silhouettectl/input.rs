//! What a command reads: a file, or standard input, of lines.
//!
//! A line of a publication is a key, a tab and a value; both are taken byte for byte, and a value may hold tabs. A
//! line of keys is a key; what follows a tab is left out, so that a published file can be read back. Problems are told
//! by line number, never by what the line holds.

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    io::{self, Read as _},
    path::PathBuf,
    str::FromStr,
};

/// A key and its value.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// Where lines come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// `-`.
    StandardInput,
    /// A file.
    File(PathBuf),
}

/// Why input is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    /// It cannot be read.
    #[error("cannot read {source_name}: {cause}")]
    Unreadable {
        /// Whence.
        source_name: String,
        /// Why.
        cause: io::Error,
    },
    /// A line is not as it must be.
    #[error("{source_name}, line {line}: {problem}")]
    Line {
        /// Whence.
        source_name: String,
        /// From 1.
        line: usize,
        /// What is wrong.
        problem: Problem,
    },
}

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Problem {
    /// It has one field.
    #[error("there is no tab between key and value")]
    NoTab,
    /// It begins with the tab, or is blank.
    #[error("the key is empty")]
    EmptyKey,
    /// It is of a file with other line ends.
    #[error("it ends with a carriage return; convert the file to LF line ends")]
    CarriageReturn,
    /// Its key was given before.
    #[error("its key is that of line {0} too")]
    Repeated(usize),
}

impl FromStr for Source {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "-" { Self::StandardInput } else { Self::File(text.into()) })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

impl Source {
    /// Reads a publication.
    pub(crate) async fn pairs(&self) -> Result<Vec<Pair>, InputError> {
        parse_pairs(&self.read().await?).map_err(|(line, problem)| self.wrong(line, problem))
    }

    /// Reads keys.
    pub(crate) async fn keys(&self) -> Result<Vec<Vec<u8>>, InputError> {
        parse_keys(&self.read().await?).map_err(|(line, problem)| self.wrong(line, problem))
    }

    async fn read(&self) -> Result<Vec<u8>, InputError> {
        let content = match self {
            Self::StandardInput => {
                from_standard_input(|stdin| {
                    let mut content = Vec::new();
                    stdin.read_to_end(&mut content).map(|_| content)
                })
                .await
            }
            Self::File(path) => tokio::fs::read(path).await,
        };
        content.map_err(|cause| InputError::Unreadable { source_name: self.to_string(), cause })
    }

    fn wrong(&self, line: usize, problem: Problem) -> InputError {
        InputError::Line { source_name: self.to_string(), line, problem }
    }
}

/// Reads standard input on a thread of its own, so that Ctrl-C is heard meanwhile.
pub(crate) async fn from_standard_input<T: Send + 'static>(
    read: impl FnOnce(&mut io::StdinLock<'static>) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(move || read(&mut io::stdin().lock())).await.map_err(io::Error::other)?
}

fn parse_pairs(content: &[u8]) -> Result<Vec<Pair>, (usize, Problem)> {
    let mut pairs = Vec::new();
    let mut seen = HashMap::new();
    for (number, line) in lines(content) {
        let (key, value) = split(line).map_err(|problem| (number, problem))?;
        let value = value.ok_or((number, Problem::NoTab))?;
        if let Some(earlier) = seen.insert(key, number) {
            return Err((number, Problem::Repeated(earlier)));
        }
        pairs.push((key.to_vec(), value.to_vec()));
    }
    Ok(pairs)
}

fn parse_keys(content: &[u8]) -> Result<Vec<Vec<u8>>, (usize, Problem)> {
    lines(content)
        .map(|(number, line)| split(line).map(|(key, _)| key.to_vec()).map_err(|problem| (number, problem)))
        .collect()
}

/// Lines and their numbers from 1. The last one may lack its line end.
fn lines(content: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let any = !content.is_empty();
    let content = content.strip_suffix(b"\n").unwrap_or(content);
    content.split(|&byte| byte == b'\n').enumerate().filter(move |_| any).map(|(index, line)| (index + 1, line))
}

/// A line's key, and its value if it has a tab.
fn split(line: &[u8]) -> Result<(&[u8], Option<&[u8]>), Problem> {
    if line.ends_with(b"\r") {
        return Err(Problem::CarriageReturn);
    }
    let mut fields = line.splitn(2, |&byte| byte == b'\t');
    match fields.next() {
        None | Some([]) => Err(Problem::EmptyKey),
        Some(key) => Ok((key, fields.next())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &[u8], value: &[u8]) -> Pair {
        (key.to_vec(), value.to_vec())
    }

    #[test]
    fn pairs_are_taken_byte_for_byte() {
        assert_eq!(parse_pairs(b""), Ok(vec![]));
        assert_eq!(parse_pairs(b"a\t1\nb\t\n"), Ok(vec![pair(b"a", b"1"), pair(b"b", b"")]));
        assert_eq!(parse_pairs(b"a b\t 1\t2 "), Ok(vec![pair(b"a b", b" 1\t2 ")]));
        assert_eq!(parse_pairs(b"\xff\x00\t\xfe"), Ok(vec![pair(b"\xff\x00", b"\xfe")]));
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        assert_eq!(parse_pairs(b"a\t1\nb 2\n"), Err((2, Problem::NoTab)));
        assert_eq!(parse_pairs(b"a\t1\n\nb\t2\n"), Err((2, Problem::EmptyKey)));
        assert_eq!(parse_pairs(b"\n"), Err((1, Problem::EmptyKey)));
        assert_eq!(parse_pairs(b"\t1"), Err((1, Problem::EmptyKey)));
        assert_eq!(parse_pairs(b"a\t1\r\n"), Err((1, Problem::CarriageReturn)));
        assert_eq!(parse_pairs(b"a\t1\nb\t2\na\t3\n"), Err((3, Problem::Repeated(1))));
        let error = Source::File("p.tsv".into()).wrong(3, Problem::Repeated(1));
        assert_eq!(error.to_string(), "p.tsv, line 3: its key is that of line 1 too");
    }

    #[test]
    fn keys_may_be_read_from_a_published_file_and_repeat() {
        assert_eq!(parse_keys(b"a\nb\ta value\na\n"), Ok(vec![b"a".to_vec(), b"b".to_vec(), b"a".to_vec()]));
        assert_eq!(parse_keys(b"a\n\n"), Err((2, Problem::EmptyKey)));
        assert_eq!(parse_keys(b""), Ok(vec![]));
    }

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!("-".parse(), Ok(Source::StandardInput));
        assert_eq!("./-".parse(), Ok(Source::File("./-".into())));
    }
}
