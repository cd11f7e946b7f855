//! The file of an encoding: a header of fixed length, then the cells. All integers are little-endian.
//!
//! | offset | bytes | field |
//! |---|---|---|
//! | 0 | 8 | magic `SILHOKVS` |
//! | 8 | 4 | format version, 1 |
//! | 12 | 8 | capacity |
//! | 20 | 4 | shards |
//! | 24 | 4 | capacity of a shard |
//! | 28 | 4 | rows of a shard |
//! | 32 | 4 | band width |
//! | 36 | 1 | value layout: 0 fixed, 1 variable |
//! | 37 | 4 | value bytes |
//! | 41 | 1 | attempt |
//! | 42 | 32 | hash seed |
//! | 74 | 8 | bytes of cells |
//! | 82 | .. | cells |
//!
//! Fields that follow from others are written too, and must agree with the plan: a file of another plan is refused
//! rather than misread.

use blake3::Hasher;
use thiserror::Error;

use crate::layout::ValueLayout;
use crate::probe::Parameters;
use crate::seed::{HashSeed, SEED_BYTES};
use crate::shape::{Shape, ShapeError};

const MAGIC: [u8; 8] = *b"SILHOKVS";
const VERSION: u32 = 1;
pub(crate) const HEADER_BYTES: usize = 82;
const DIGEST_CONTEXT: &str = "silhouette-okvs v1 encoding file";

/// Why bytes are not the file of an encoding.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Fewer bytes than the header has.
    #[error("encoding file of {found} bytes ends within its header of {HEADER_BYTES}")]
    Truncated {
        /// Bytes given.
        found: usize,
    },
    /// The file does not begin as an encoding does.
    #[error("file is not an encoding: it begins with other bytes")]
    Magic,
    /// A format version that this program does not know.
    #[error("encoding file has format version {found}, not {VERSION}")]
    Version {
        /// The version found.
        found: u32,
    },
    /// The value layout is neither fixed nor variable.
    #[error("encoding file has unknown value layout {found}")]
    ValueLayout {
        /// The byte found.
        found: u8,
    },
    /// Capacity, shards, value length or attempt are out of range.
    #[error("encoding file has an impossible shape")]
    Shape(#[from] ShapeError),
    /// A planned dimension differs from the plan for this capacity, number of shards and layout.
    #[error("encoding file has {field} {found} where {planned} is planned")]
    Plan {
        /// The dimension's name.
        field: &'static str,
        /// What the file says.
        found: u32,
        /// What the plan says.
        planned: u32,
    },
    /// The number of cell bytes is not what the shape needs.
    #[error("encoding file has {found} bytes of cells where its shape needs {needed}")]
    Length {
        /// Bytes of cells stated or present.
        found: u64,
        /// Bytes of cells that the shape has.
        needed: u64,
    },
}

/// The header of an encoding with these parameters.
pub(crate) fn header(parameters: &Parameters) -> [u8; HEADER_BYTES] {
    let shape = parameters.shape();
    let layout = match shape.values() {
        ValueLayout::Fixed { .. } => 0,
        ValueLayout::Variable { .. } => 1,
    };
    let mut header = [0; HEADER_BYTES];
    let mut writer = Writer { rest: &mut header };
    writer.put(MAGIC);
    writer.put(VERSION.to_le_bytes());
    writer.put(shape.capacity().to_le_bytes());
    writer.put(shape.shards().to_le_bytes());
    writer.put(shape.shard_capacity().to_le_bytes());
    writer.put(shape.rows_per_shard().to_le_bytes());
    writer.put(shape.band_width().to_le_bytes());
    writer.put([layout]);
    writer.put(shape.values().max_bytes().to_le_bytes());
    writer.put([parameters.attempt()]);
    writer.put(*parameters.hash_seed().as_bytes());
    writer.put(shape.cell_bytes().to_le_bytes());
    header
}

/// Splits a file into its parameters and cells, checking every field.
pub(crate) fn parse(bytes: &[u8]) -> Result<(Parameters, &[u8]), FormatError> {
    let mut reader = Reader { rest: bytes, total: bytes.len() };
    if reader.take::<8>()? != MAGIC {
        return Err(FormatError::Magic);
    }
    let version = u32::from_le_bytes(reader.take()?);
    if version != VERSION {
        return Err(FormatError::Version { found: version });
    }
    let capacity = u64::from_le_bytes(reader.take()?);
    let shards = u32::from_le_bytes(reader.take()?);
    let shard_capacity = u32::from_le_bytes(reader.take()?);
    let rows_per_shard = u32::from_le_bytes(reader.take()?);
    let band_width = u32::from_le_bytes(reader.take()?);
    let [layout] = reader.take()?;
    let value_bytes = u32::from_le_bytes(reader.take()?);
    let [attempt] = reader.take()?;
    let hash_seed = HashSeed::from_bytes(reader.take::<SEED_BYTES>()?);
    let cell_bytes = u64::from_le_bytes(reader.take()?);

    let values = match layout {
        0 => ValueLayout::Fixed { bytes: value_bytes },
        1 => ValueLayout::Variable { max_bytes: value_bytes },
        found => return Err(FormatError::ValueLayout { found }),
    };
    let shape = Shape::plan(capacity, shards, values)?;
    for (field, found, planned) in [
        ("shard capacity", shard_capacity, shape.shard_capacity()),
        ("rows per shard", rows_per_shard, shape.rows_per_shard()),
        ("band width", band_width, shape.band_width()),
    ] {
        if found != planned {
            return Err(FormatError::Plan { field, found, planned });
        }
    }
    let needed = shape.cell_bytes();
    for found in [cell_bytes, reader.rest.len() as u64] {
        if found != needed {
            return Err(FormatError::Length { found, needed });
        }
    }
    Ok((Parameters::new(shape, hash_seed, attempt)?, reader.rest))
}

/// BLAKE3 of header and cells.
pub(crate) fn digest(parameters: &Parameters, cells: &[u8]) -> [u8; 32] {
    let mut hasher = Hasher::new_derive_key(DIGEST_CONTEXT);
    hasher.update(&header(parameters));
    hasher.update(cells);
    *hasher.finalize().as_bytes()
}

/// Writes fields one after another into a buffer that is exactly as long as they are.
struct Writer<'a> {
    rest: &'a mut [u8],
}

impl Writer<'_> {
    fn put<const N: usize>(&mut self, field: [u8; N]) {
        let (place, rest) = std::mem::take(&mut self.rest).split_at_mut(N);
        place.copy_from_slice(&field);
        self.rest = rest;
    }
}

/// Reads fields one after another.
struct Reader<'a> {
    rest: &'a [u8],
    total: usize,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (field, rest) = self.rest.split_first_chunk().ok_or(FormatError::Truncated { found: self.total })?;
        self.rest = rest;
        Ok(*field)
    }
}
