//! The formats of input.

use clap::{Args, ValueEnum};

use super::{Pair, Wrong, csv, jsonl, tsv};
use crate::value_type::ValueType;

/// A format of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// Lines of a key, a tab and a value, byte for byte; a value may hold tabs
    #[default]
    Tsv,
    /// Comma-separated values as in RFC 4180: a key and a value a record
    Csv,
    /// A JSON object a line, {"key": .., "value": ..}; bytes that are no text are {"base64": ".."}
    Jsonl,
}

/// How input is laid out.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Layout {
    /// The format of the file
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Tsv)]
    pub(super) format: Format,
    /// The first line of a CSV file titles the columns; those titled `key` and `value` are taken, and others left out
    #[arg(long)]
    pub(super) header: bool,
}

impl Layout {
    /// Whether the flags contradict each other.
    pub(crate) fn contradiction(self) -> Option<&'static str> {
        (self.header && self.format != Format::Csv).then_some("--header is for --format csv")
    }

    /// The pairs of a content, each with the line that it begins in.
    pub(super) fn pairs(self, content: &[u8], kind: ValueType) -> Result<Vec<(usize, Pair)>, Wrong> {
        match self.format {
            Format::Tsv => tsv::pairs(content, kind),
            Format::Csv => csv::pairs(content, self.header, kind),
            Format::Jsonl => jsonl::pairs(content, kind),
        }
    }

    /// The keys of a content, whatever their values are, and whether they have any.
    pub(super) fn keys(self, content: &[u8]) -> Result<Vec<Vec<u8>>, Wrong> {
        match self.format {
            Format::Tsv => tsv::keys(content),
            Format::Csv => csv::keys(content, self.header),
            Format::Jsonl => jsonl::keys(content),
        }
    }
}
