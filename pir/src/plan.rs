//! The plan of a round: how many shards, and how much noise. A function of public numbers, the same on every machine.

use silhouette_okvs::{Encoding, Shape, ShapeError, ValueLayout};
use thiserror::Error;

use crate::database::TILE_COLUMNS;
use crate::lwe::{DIMENSION, LweParameters, Sigma};
use crate::noise::{CORRECTNESS_BITS, planned_squares, within_bound};
use crate::pack::packed_bytes;

/// Longest query of any round in bytes (1 MiB). A query has a word a row, and the noise of longer columns would exceed its
/// bound whatever else a plan says ([`PlanError::Noise`]).
pub const MAX_QUERY_BYTES: u64 = 1 << 20;

/// Dimensions and noise parameters of a round; whoever has one knows that its noise is within the bound.
///
/// The matrix has `rows_per_shard` rows and `shards x row_bytes` columns: the shards lie side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Plan {
    shape: Shape,
    lwe: LweParameters,
}

/// Why there is no such plan, or why it does not fit what it is used with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is no shape of this capacity and value length.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The noise would exceed its bound; more shards have shorter columns and less of it.
    #[error(
        "columns of {rows} rows at sigma {sigma} would be read wrongly more often than 2^-{CORRECTNESS_BITS}",
        sigma = sigma.value()
    )]
    Noise {
        /// Rows of a shard.
        rows: u32,
        /// Standard deviation of secret and error.
        sigma: Sigma,
    },
    /// An encoding has another shape than the plan.
    #[error("encoding has another shape than the plan")]
    OtherShape,
}

impl Plan {
    /// Plans for `capacity` pairs and clients that look up `expected_lookups` keys each: the number of shards that
    /// minimises hint plus queries plus answers in bytes, and for it the greatest sigma whose noise is within the bound.
    /// Numbers of shards that no sigma is good enough for are passed over.
    ///
    /// # Errors
    /// [`PlanError::Shape`] if the capacity or the values' length is out of range, [`PlanError::Noise`] if no number of
    /// shards keeps the noise within the bound.
    pub fn new(capacity: u64, values: ValueLayout, expected_lookups: u32) -> Result<Self, PlanError> {
        let mut best: Option<(u128, Self)> = None;
        let mut refusal = None;
        for shards in 1..=Shape::max_shards(capacity) {
            let plan = match Shape::plan(capacity, shards, values) {
                Ok(shape) => Self::greatest_sigma(shape),
                Err(error) => Err(error.into()),
            };
            match plan {
                Ok(plan) => {
                    let bytes = plan.client_bytes(expected_lookups.into());
                    if best.is_none_or(|(least, _)| bytes < least) {
                        best = Some((bytes, plan));
                    }
                    // The hint grows with the shards: from here on it alone is more than the least total.
                    if best.is_some_and(|(least, _)| u128::from(plan.hint_bytes()) >= least) {
                        break;
                    }
                }
                Err(error @ (PlanError::Shape(ShapeError::ShardCapacity { .. }) | PlanError::Noise { .. })) => {
                    refusal = Some(error);
                }
                // More shards do not help.
                Err(error) => return Err(error),
            }
        }
        match (best, refusal) {
            (Some((_, plan)), _) => Ok(plan),
            (None, Some(error)) => Err(error),
            (None, None) => Err(ShapeError::Capacity { capacity }.into()),
        }
    }

    /// The plan that consists of these parts, as it is read from a description.
    ///
    /// # Errors
    /// [`PlanError::Shape`] if the shape is not a planned one, [`PlanError::Noise`] if the noise would exceed its bound.
    pub fn from_parts(shape: Shape, lwe: LweParameters) -> Result<Self, PlanError> {
        shape.validate()?;
        let rows = shape.rows_per_shard();
        if within_bound(&lwe, shape.row_bytes(), planned_squares(rows)) {
            Ok(Self { shape, lwe })
        } else {
            Err(PlanError::Noise { rows, sigma: lwe.sigma() })
        }
    }

    fn greatest_sigma(shape: Shape) -> Result<Self, PlanError> {
        let [preferred, least] = Sigma::ALL.map(LweParameters::planned);
        Self::from_parts(shape, preferred).or_else(|_| Self::from_parts(shape, least))
    }

    /// What a client moves for `lookups` queries, hint included.
    pub(crate) fn client_bytes(&self, lookups: u64) -> u128 {
        let lookup = u128::from(self.query_bytes()) + u128::from(self.answer_bytes());
        u128::from(self.hint_bytes()) + u128::from(lookups) * lookup
    }

    /// Dimensions of the encoding.
    pub const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// Noise and word lengths.
    pub const fn lwe(&self) -> &LweParameters {
        &self.lwe
    }

    /// Rows of the matrix.
    pub(crate) const fn rows(&self) -> usize {
        self.shape.rows_per_shard() as usize
    }

    /// Columns of the matrix, padding left out.
    pub(crate) const fn columns(&self) -> usize {
        self.shape.shards() as usize * self.shape.row_bytes() as usize
    }

    /// Bytes of a query.
    pub const fn query_bytes(&self) -> u64 {
        packed_bytes(self.rows() as u64, self.lwe.query_bits())
    }

    /// Bytes of an answer.
    pub const fn answer_bytes(&self) -> u64 {
        packed_bytes(self.columns() as u64, self.lwe.answer_bits())
    }

    /// Bytes of the hint, which a client needs once.
    pub const fn hint_bytes(&self) -> u64 {
        packed_bytes((self.columns() * DIMENSION) as u64, self.lwe.hint_bits())
    }

    /// Bytes of the encoding's file, which answers all lookups without a query.
    pub const fn encoding_bytes(&self) -> u64 {
        self.shape.file_bytes()
    }

    /// Memory of the matrix in bytes, padding included.
    pub const fn matrix_bytes(&self) -> u64 {
        (self.columns().next_multiple_of(TILE_COLUMNS) * self.rows()) as u64
    }

    /// Whether an encoding has this shape, and columns whose exact sums of squares keep the noise within its bound. It
    /// is what [`okvs::encode`](silhouette_okvs::encode) asks to accept an attempt.
    pub fn accepts(&self, encoding: &Encoding) -> bool {
        *encoding.parameters().shape() == self.shape
            && within_bound(&self.lwe, self.shape.row_bytes(), greatest_squares(encoding))
    }
}

/// The greatest sum of squares of a column, a byte read as `i8`.
fn greatest_squares(encoding: &Encoding) -> u128 {
    let shape = encoding.parameters().shape();
    let row_bytes = shape.row_bytes() as usize;
    let mut greatest = 0;
    for shard in 0..shape.shards() {
        let mut sums = vec![0_u64; row_bytes];
        for row in encoding.shard(shard).chunks_exact(row_bytes) {
            for (sum, byte) in sums.iter_mut().zip(row) {
                let digit = i32::from(byte.cast_signed());
                *sum += u64::from((digit * digit).unsigned_abs());
            }
        }
        greatest = sums.into_iter().fold(greatest, u64::max);
    }
    u128::from(greatest)
}

#[cfg(test)]
mod tests;
