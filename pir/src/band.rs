//! A band's coefficients, put where they belong without a branch or an address that depends on the key.

use silhouette_okvs::Probe;
use zeroize::Zeroizing;

/// One bit a row of the shard: whether it is added up.
pub(crate) struct Selection(Zeroizing<Vec<u64>>);

impl Selection {
    /// The rows that a probe adds up, of a shard of `rows` rows.
    ///
    /// The coefficients are laid at row 0 and moved up by the band's start, one binary digit of it after the other: a
    /// digit of 0 moves everything by nothing, in the same time.
    pub(crate) fn place(probe: &Probe, rows: usize) -> Self {
        let mut words = Zeroizing::new(vec![0_u64; rows.div_ceil(u64::BITS as usize)]);
        for (word, coefficients) in words.iter_mut().zip(probe.coefficients()) {
            *word = *coefficients;
        }
        let start = probe.start();
        for digit in 0..usize::BITS - rows.leading_zeros() {
            let moves = u64::from(start >> digit & 1).wrapping_neg();
            move_up(&mut words, 1 << digit, moves);
        }
        Self(words)
    }

    /// For each row 1 if it is added up, else 0.
    pub(crate) fn bits(&self) -> impl Iterator<Item = u32> {
        self.0.iter().flat_map(|word| (0..u64::BITS).map(move |bit| (word >> bit) as u32 & 1))
    }
}

/// Moves all bits up by `distance` places if `moves` is all ones, by none if it is zero.
fn move_up(words: &mut [u64], distance: usize, moves: u64) {
    let (whole, part) = (distance / u64::BITS as usize, distance as u32 % u64::BITS);
    // From the top down, so that what is read has not been moved yet.
    for index in (0..words.len()).rev() {
        let source = |back: usize| index.checked_sub(back).map_or(0, |from| words[from]);
        // Shifting by 64 - part in two steps: for a part of 0 nothing comes from the word below.
        let moved = source(whole) << part | source(whole + 1) >> 1 >> (u64::BITS - 1 - part);
        words[index] = moved & moves | words[index] & !moves;
    }
}

#[cfg(test)]
mod tests {
    use silhouette_okvs::{HashSeed, Parameters, Shape, ValueLayout};

    use super::*;

    #[test]
    fn bits_move_by_any_distance() {
        for distance in [1, 2, 32, 63, 64, 65, 128, 130] {
            let mut words = vec![0x8000_0000_0000_0001, 1, 0, 0, 0];
            move_up(&mut words, distance, 0);
            assert_eq!(words, [0x8000_0000_0000_0001, 1, 0, 0, 0]);
            move_up(&mut words, distance, u64::MAX);
            let set: Vec<usize> = (0..320).filter(|bit| words[bit / 64] >> (bit % 64) & 1 == 1).collect();
            assert_eq!(set, [distance, 63 + distance, 64 + distance]);
        }
    }

    #[test]
    fn the_selected_rows_are_the_bands() {
        for capacity in [1_024, 1_500, 3_000, 70_000] {
            let shape = Shape::plan(capacity, 1, ValueLayout::Fixed { bytes: 8 }).expect("plans");
            let parameters = Parameters::new(shape, HashSeed::from_bytes([3; 32]), 0).expect("an attempt");
            let rows = shape.rows_per_shard() as usize;
            for key in 0..200_u32 {
                let probe = parameters.probe(&key.to_le_bytes());
                let selection = Selection::place(&probe, rows);
                let selected: Vec<u32> = selection.bits().take(rows).collect();
                let mut expected = vec![0; rows];
                for column in 0..shape.band_width() as usize {
                    expected[probe.start() as usize + column] =
                        (probe.coefficients()[column / 64] >> (column % 64)) as u32 & 1;
                }
                assert!(selected == expected, "key {key} of {capacity} pairs");
            }
        }
    }
}
