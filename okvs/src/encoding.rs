//! A finished encoding and lookups in it.

use std::fmt;

use zeroize::Zeroizing;

use crate::format::{self, FormatError};
use crate::probe::Parameters;

/// The encoding of a round: public parameters and one run of rows a shard.
///
/// Row `r` of shard `s` is the `row_bytes` bytes from `(s * rows_per_shard + r) * row_bytes`.
#[derive(Clone, PartialEq, Eq)]
pub struct Encoding {
    parameters: Parameters,
    cells: Vec<u8>,
}

impl Encoding {
    /// Joins parameters and cells, which must have the shape's length.
    pub(crate) fn new(parameters: Parameters, cells: Vec<u8>) -> Self {
        debug_assert_eq!(cells.len() as u64, parameters.shape().cell_bytes());
        Self { parameters, cells }
    }

    /// What a reader needs to locate and open a key.
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The rows of shard `shard`, one after another, or an empty slice if there is no such shard.
    pub fn shard(&self, shard: u32) -> &[u8] {
        let bytes = self.parameters.shape().shard_bytes() as usize;
        self.cells.chunks_exact(bytes).nth(shard as usize).unwrap_or_default()
    }

    /// The rows of all shards, one shard after another.
    pub fn cells(&self) -> &[u8] {
        &self.cells
    }

    /// Looks up `key`: its value, or `None` if it was never published (or, once in `2^64`, wrongly some bytes).
    ///
    /// Reads exactly the key's band, so the addresses depend on the key: this is for whoever holds the encoding, not
    /// for a server that must not learn the key.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let shape = self.parameters.shape();
        let row_bytes = shape.row_bytes() as usize;
        let probe = self.parameters.probe(key);
        let band = self.shard(probe.shard()).chunks_exact(row_bytes).skip(probe.start() as usize);
        let mut sum = Zeroizing::new(vec![0_u8; row_bytes]);
        for (column, row) in band.take(shape.band_width() as usize).enumerate() {
            // All ones or all zeros: no branch on a coefficient.
            let selected = 0_u8.wrapping_sub((probe.coefficients()[column / 64] >> (column % 64)) as u8 & 1);
            for (total, cell) in sum.iter_mut().zip(row) {
                *total = total.wrapping_add(cell & selected);
            }
        }
        probe.open(&sum)
    }

    /// The encoding as the bytes of a file that describes itself.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format::header(&self.parameters).to_vec();
        bytes.extend_from_slice(&self.cells);
        bytes
    }

    /// Reads what [`Encoding::to_bytes`] wrote.
    ///
    /// # Errors
    /// Names the first field that is not as it must be. Allocates only once all lengths are known to be right.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FormatError> {
        let (parameters, cells) = format::parse(bytes)?;
        Ok(Self::new(parameters, cells.to_vec()))
    }

    /// BLAKE3 of the file's bytes, domain-separated: what nodes compare and clients pin.
    pub fn digest(&self) -> [u8; 32] {
        format::digest(&self.parameters, &self.cells)
    }
}

impl fmt::Debug for Encoding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Encoding").field("parameters", &self.parameters).finish_non_exhaustive()
    }
}
