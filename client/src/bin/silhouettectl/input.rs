//! What a command reads: a file, or standard input, in one of several formats.
//!
//! Problems are told by line and column, never by what stands there.

mod csv;
mod format;
mod jsonl;
mod problem;
mod tsv;

use std::{
    collections::HashMap,
    convert::Infallible,
    fmt,
    io::{self, Read as _},
    path::PathBuf,
    str::FromStr,
};

use self::problem::{Place, Problem};
pub(crate) use self::{format::Layout, problem::Wrong};
use crate::value_type::ValueType;

/// A key and its value.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// Where input comes from.
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
    /// Something in it is not as it must be.
    #[error("{source_name}, {wrong}")]
    Malformed {
        /// Whence.
        source_name: String,
        /// Where, and what is wrong.
        wrong: Wrong,
    },
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
    pub(crate) async fn pairs(&self, layout: Layout, kind: ValueType) -> Result<Vec<Pair>, InputError> {
        let content = self.read().await?;
        self.named(layout.pairs(&content, kind).and_then(distinct))
    }

    /// Reads keys, and passes over values.
    pub(crate) async fn keys(&self, layout: Layout) -> Result<Vec<Vec<u8>>, InputError> {
        let content = self.read().await?;
        self.named(layout.keys(&content))
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

    fn named<T>(&self, read: Result<T, Wrong>) -> Result<T, InputError> {
        read.map_err(|wrong| InputError::Malformed { source_name: self.to_string(), wrong })
    }
}

/// Reads standard input on a thread of its own, so that Ctrl-C is heard meanwhile.
pub(crate) async fn from_standard_input<T: Send + 'static>(
    read: impl FnOnce(&mut io::StdinLock<'static>) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(move || read(&mut io::stdin().lock())).await.map_err(io::Error::other)?
}

/// Pairs with the lines that they are from, if no key is there twice.
fn distinct(pairs: Vec<(usize, Pair)>) -> Result<Vec<Pair>, Wrong> {
    let mut seen = HashMap::with_capacity(pairs.len());
    for (line, (key, _)) in &pairs {
        if let Some(earlier) = seen.insert(key, *line) {
            return Err(Place::line(*line).is(Problem::Repeated(earlier)));
        }
    }
    drop(seen);
    Ok(pairs.into_iter().map(|(_, pair)| pair).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_standard_input() {
        assert_eq!("-".parse(), Ok(Source::StandardInput));
        assert_eq!("./-".parse(), Ok(Source::File("./-".into())));
    }

    #[test]
    fn a_key_that_is_there_twice_is_named_by_both_lines() {
        let pair = |key: &[u8]| (key.to_vec(), Vec::new());
        assert_eq!(distinct(vec![(1, pair(b"a")), (2, pair(b"b"))]), Ok(vec![pair(b"a"), pair(b"b")]));
        let wrong = distinct(vec![(1, pair(b"a")), (2, pair(b"b")), (4, pair(b"a"))]).expect_err("a is twice there");
        let source = Source::File("p.tsv".into());
        let error = source.named::<()>(Err(wrong)).expect_err("it is wrong");
        assert_eq!(error.to_string(), "p.tsv, line 4: its key is that of line 1 too");
    }
}
