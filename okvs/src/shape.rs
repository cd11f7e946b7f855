//! The public shape of an encoding: everything about its size, nothing about its content.

use thiserror::Error;

use crate::capacity::{MAX_CAPACITY, MIN_CAPACITY};
use crate::failure::{MAX_SHARD_CAPACITY, band_width_for, rows_for, shard_capacity_for};
use crate::format::HEADER_BYTES;
use crate::layout::{MAX_VALUE_BYTES, ValueLayout};
use crate::solve::Dimensions;

/// Pairs of the public capacity that each shard must have at least.
pub const MIN_PAIRS_PER_SHARD: u64 = 1 << 10;

/// Widest band that a measurement may ask for, in columns.
const MAX_BAND_WIDTH: u32 = 1 << 10;

/// The dimensions of an encoding, planned from the capacity, the number of shards and the layout of values.
///
/// An encoding is `shards` independent stores of `rows_per_shard` rows of `row_bytes` bytes. A shape can only be
/// made valid; whoever receives one in parts plans it anew and compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    capacity: u64,
    shards: u32,
    shard_capacity: u32,
    rows_per_shard: u32,
    band_width: u32,
    values: ValueLayout,
}

/// Why there is no such shape.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// More pairs than the round's stated maximum.
    #[error("{pairs} pairs exceed the maximum of {max_pairs}")]
    TooManyPairs {
        /// Pairs given.
        pairs: u64,
        /// Pairs allowed.
        max_pairs: u64,
    },
    /// The capacity is outside of [`MIN_CAPACITY`]..=[`MAX_CAPACITY`].
    #[error("capacity {capacity} is not between {MIN_CAPACITY} and {MAX_CAPACITY}")]
    Capacity {
        /// The capacity asked for, in pairs.
        capacity: u64,
    },
    /// No shard at all, or shards of fewer than [`MIN_PAIRS_PER_SHARD`] pairs.
    #[error("{shards} shards are not between 1 and {maximum}")]
    Shards {
        /// The number of shards asked for.
        shards: u32,
        /// The most that this capacity allows.
        maximum: u32,
    },
    /// One shard would hold more than the failure rate is known for; more shards help.
    #[error("a shard of {shard_capacity} pairs exceeds {MAX_SHARD_CAPACITY}: use more shards")]
    ShardCapacity {
        /// The capacity that each shard would need, in pairs.
        shard_capacity: u64,
    },
    /// Values longer than [`MAX_VALUE_BYTES`].
    #[error("values of {bytes} bytes exceed the maximum of {MAX_VALUE_BYTES}")]
    ValueBytes {
        /// The length asked for.
        bytes: u32,
    },
    /// The band is not what the failure bound needs, or does not fit into a shard.
    #[error("band of {found} columns where {expected} are needed")]
    BandWidth {
        /// The width given.
        found: u32,
        /// The width that would be right.
        expected: u32,
    },
    /// The attempt number is not below [`MAX_ATTEMPTS`](crate::MAX_ATTEMPTS).
    #[error("attempt {attempt} is not below {maximum}", maximum = crate::MAX_ATTEMPTS)]
    Attempt {
        /// The attempt given.
        attempt: u8,
    },
}

impl Shape {
    /// Plans the shape for `capacity` pairs over `shards` shards: rows for a load of 1 / 1.1, and the narrowest band
    /// that keeps the failure of an attempt below `2^-40` over all shards.
    ///
    /// # Errors
    /// Names the argument that is out of range.
    pub fn plan(capacity: u64, shards: u32, values: ValueLayout) -> Result<Self, ShapeError> {
        Self::build(capacity, shards, values, None)
    }

    /// A shape whose band has a chosen width, **for measuring failure rates only**: narrow bands fail often, and
    /// [`Shape::validate`] refuses what differs from the plan.
    ///
    /// # Errors
    /// As [`Shape::plan`], and [`ShapeError::BandWidth`] if the band is empty, wider than a shard or than 1,024.
    pub fn with_band_width(
        capacity: u64,
        shards: u32,
        values: ValueLayout,
        band_width: u32,
    ) -> Result<Self, ShapeError> {
        Self::build(capacity, shards, values, Some(band_width))
    }

    fn build(capacity: u64, shards: u32, values: ValueLayout, band_width: Option<u32>) -> Result<Self, ShapeError> {
        if !(MIN_CAPACITY..=MAX_CAPACITY).contains(&capacity) {
            return Err(ShapeError::Capacity { capacity });
        }
        let maximum = Self::max_shards(capacity);
        if !(1..=maximum).contains(&shards) {
            return Err(ShapeError::Shards { shards, maximum });
        }
        if values.max_bytes() > MAX_VALUE_BYTES {
            return Err(ShapeError::ValueBytes { bytes: values.max_bytes() });
        }
        let shard_capacity = shard_capacity_for(capacity, shards);
        let planned =
            band_width_for(shard_capacity, shards).ok_or(ShapeError::ShardCapacity { shard_capacity })? as u32;
        let rows_per_shard = rows_for(shard_capacity) as u32;
        let band_width = band_width.unwrap_or(planned);
        let widest = rows_per_shard.min(MAX_BAND_WIDTH);
        if !(1..=widest).contains(&band_width) {
            return Err(ShapeError::BandWidth { found: band_width, expected: planned });
        }
        Ok(Self { capacity, shards, shard_capacity: shard_capacity as u32, rows_per_shard, band_width, values })
    }

    /// Checks that this is the planned shape, not one made for a measurement.
    ///
    /// # Errors
    /// [`ShapeError::BandWidth`] if the band has another width than the failure bound needs.
    pub fn validate(&self) -> Result<(), ShapeError> {
        let planned = Self::plan(self.capacity, self.shards, self.values)?;
        if planned.band_width != self.band_width {
            return Err(ShapeError::BandWidth { found: self.band_width, expected: planned.band_width });
        }
        Ok(())
    }

    /// The most shards that `capacity` pairs may be spread over: one for each 1,024 pairs, at least one.
    pub fn max_shards(capacity: u64) -> u32 {
        u32::try_from(capacity / MIN_PAIRS_PER_SHARD).unwrap_or(u32::MAX).max(1)
    }

    /// Public capacity in pairs, dummies included.
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }

    /// Number of shards.
    pub const fn shards(&self) -> u32 {
        self.shards
    }

    /// Pairs in each shard, dummies included.
    pub const fn shard_capacity(&self) -> u32 {
        self.shard_capacity
    }

    /// Rows of each shard (the paper's m).
    pub const fn rows_per_shard(&self) -> u32 {
        self.rows_per_shard
    }

    /// Columns that a key's band spans (the paper's w): so many neighbouring rows of a shard.
    pub const fn band_width(&self) -> u32 {
        self.band_width
    }

    /// How values lie in rows.
    pub const fn values(&self) -> ValueLayout {
        self.values
    }

    /// Bytes of a row.
    pub const fn row_bytes(&self) -> u32 {
        self.values.row_bytes()
    }

    /// Bytes of one shard's rows.
    pub const fn shard_bytes(&self) -> u64 {
        self.rows_per_shard as u64 * self.row_bytes() as u64
    }

    /// Bytes of all rows of all shards, which is the encoding without its header.
    pub const fn cell_bytes(&self) -> u64 {
        self.shards as u64 * self.shard_bytes()
    }

    /// Bytes of the encoding's file, header and cells.
    pub const fn file_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + self.cell_bytes()
    }

    /// Memory in bytes that encoding this shape needs on `threads` threads beside the pairs and the encoding itself.
    ///
    /// Each thread has an arena for one shard: `shard_capacity (w + row)` for pivoted rows, `w (2w + row)` for active
    /// ones, the shard's unknowns and its sorted keys; all pairs' digests and their order by shard are shared.
    pub fn working_memory_bytes(&self, threads: u32) -> u64 {
        const SHARED_BYTES_PER_PAIR: u64 = 16 + 4;
        let busy = u64::from(threads.min(self.shards));
        self.capacity * SHARED_BYTES_PER_PAIR + busy * Dimensions::of(self).arena_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EIGHT_BYTES: ValueLayout = ValueLayout::Fixed { bytes: 8 };

    #[test]
    fn a_million_pairs_in_one_shard() {
        let shape = Shape::plan(1 << 20, 1, EIGHT_BYTES).expect("plans");
        assert_eq!(shape.shard_capacity(), 1 << 20);
        assert_eq!(shape.rows_per_shard(), 1_153_434);
        assert_eq!(shape.band_width(), 206);
        assert_eq!(shape.row_bytes(), 16);
        assert_eq!(shape.cell_bytes(), 1_153_434 * 16);
    }

    #[test]
    fn a_million_pairs_in_many_shards() {
        let shape = Shape::plan(1 << 20, 24, EIGHT_BYTES).expect("plans");
        assert_eq!(shape.shard_capacity(), 45_374);
        assert_eq!(shape.rows_per_shard(), 49_912);
        assert_eq!(shape.band_width(), 211);
    }

    #[test]
    fn every_planned_shape_has_room_for_its_band() {
        for capacity in (MIN_CAPACITY..200_000).step_by(1_013) {
            for shards in [1, Shape::max_shards(capacity)] {
                let shape = Shape::plan(capacity, shards, EIGHT_BYTES).expect("plans");
                assert!(shape.rows_per_shard() >= shape.band_width());
                assert!(u64::from(shape.shard_capacity()) * u64::from(shards) >= capacity);
                assert_eq!(shape.validate(), Ok(()));
            }
        }
    }

    #[test]
    fn bad_arguments_are_named() {
        assert_eq!(Shape::plan(1_023, 1, EIGHT_BYTES), Err(ShapeError::Capacity { capacity: 1_023 }));
        assert_eq!(Shape::plan(1 << 40, 1, EIGHT_BYTES), Err(ShapeError::Capacity { capacity: 1 << 40 }));
        for shards in [0, 5] {
            assert_eq!(Shape::plan(5_000, shards, EIGHT_BYTES), Err(ShapeError::Shards { shards, maximum: 4 }));
        }
        assert!(matches!(Shape::plan(1 << 25, 1, EIGHT_BYTES), Err(ShapeError::ShardCapacity { .. })));
        let bytes = MAX_VALUE_BYTES + 1;
        assert_eq!(Shape::plan(2_000, 1, ValueLayout::Fixed { bytes }), Err(ShapeError::ValueBytes { bytes }));
    }

    #[test]
    fn a_measurement_shape_is_not_a_planned_one() {
        let narrow = Shape::with_band_width(1_024, 1, EIGHT_BYTES, 40).expect("builds");
        assert_eq!(narrow.validate(), Err(ShapeError::BandWidth { found: 40, expected: 169 }));
        for band_width in [0, 1_025, 5_000] {
            assert!(Shape::with_band_width(1_024, 1, EIGHT_BYTES, band_width).is_err());
        }
    }

    #[test]
    fn more_threads_than_shards_need_no_more_memory() {
        let shape = Shape::plan(8_192, 2, EIGHT_BYTES).expect("plans");
        assert!(shape.working_memory_bytes(1) < shape.working_memory_bytes(2));
        assert_eq!(shape.working_memory_bytes(2), shape.working_memory_bytes(64));
    }
}
