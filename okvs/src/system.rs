//! The equations of one shard: its pairs, and dummies up to its capacity.

use zeroize::Zeroize;

use crate::digest::{Digest, KeyHasher};
use crate::layout::ValueLayout;
use crate::probe::{Expansion, Parameters};
use crate::seed::CellSeed;
use crate::solve::{FreeCells, System};
use crate::stream::{Purpose, SecretStream};

/// Where an equation's right-hand side comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    /// The pair of this index.
    Pair(u32),
    /// The dummy of this index, within the shard.
    Dummy(u32),
}

/// One equation of a shard before it is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) digest: Digest,
    pub(crate) source: Source,
}

/// Two equations with the same digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Collision {
    /// Both are pairs: the same key was given twice.
    Pairs(u32, u32),
    /// One is a dummy, which another attempt will place elsewhere.
    Dummy,
}

/// The equations of a shard in the order of their digests, which is that of their band starts.
///
/// The order of the pairs given has no influence.
pub(crate) struct Entries(Vec<Entry>);

impl Entries {
    /// Memory for one shard's entries at a time.
    pub(crate) fn with_capacity(equations: usize) -> Self {
        Self(Vec::with_capacity(equations))
    }

    /// Takes in the shard's pairs, fills up with `dummies` dummies, sorts, and rejects equal digests.
    pub(crate) fn collect(
        &mut self,
        pairs: impl Iterator<Item = (Digest, u32)>,
        dummies: u32,
        dummy_digests: &mut SecretStream,
    ) -> Result<(), Collision> {
        self.0.clear();
        self.0.extend(pairs.map(|(digest, pair)| Entry { digest, source: Source::Pair(pair) }));
        for dummy in 0..dummies {
            let mut bytes = [0; Digest::BYTES];
            dummy_digests.fill(dummy, &mut bytes);
            self.0.push(Entry { digest: Digest::from_bytes(bytes), source: Source::Dummy(dummy) });
        }
        self.0.sort_unstable();
        self.collision().map_or(Ok(()), Err)
    }

    /// The first collision in the order of [`Collision`]: that of two pairs, if there is one.
    fn collision(&self) -> Option<Collision> {
        let neighbours = self.0.windows(2).filter(|pair| pair[0].digest == pair[1].digest);
        let collisions = neighbours.map(|pair| match (pair[0].source, pair[1].source) {
            (Source::Pair(first), Source::Pair(second)) => Collision::Pairs(first, second),
            _ => Collision::Dummy,
        });
        collisions.min()
    }
}

impl Drop for Entries {
    fn drop(&mut self) {
        for entry in &mut self.0 {
            entry.digest.zeroize();
        }
    }
}

/// A shard's linear system, written out row by row as the solver asks.
pub(crate) struct ShardSystem<'a, V> {
    entries: &'a [Entry],
    value: V,
    dummy_rows: SecretStream,
    hasher: KeyHasher,
    starts: u32,
    values: ValueLayout,
    expansion: Expansion,
    /// Coefficient bits, then the mask.
    expanded: Vec<u8>,
}

impl<'a, 'v, V: Fn(u32) -> &'v [u8]> ShardSystem<'a, V> {
    /// The system of `shard` with these `entries`, where `value` gives the value of the pair of an index.
    pub(crate) fn new(
        parameters: &Parameters,
        shard: u32,
        entries: &'a Entries,
        value: V,
        cell_seed: &CellSeed,
    ) -> Self {
        let shape = parameters.shape();
        let row_bytes = shape.row_bytes() as usize;
        let expansion = Expansion::of(shape.band_width());
        Self {
            entries: &entries.0,
            value,
            dummy_rows: SecretStream::new(cell_seed, parameters.attempt(), shard, Purpose::DummyRows, row_bytes),
            hasher: parameters.keys().hasher(),
            starts: parameters.starts(),
            values: shape.values(),
            expansion,
            expanded: vec![0; expansion.coefficient_bytes + row_bytes],
        }
    }
}

impl<'v, V: Fn(u32) -> &'v [u8]> System for ShardSystem<'_, V> {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn start(&self, index: usize) -> u32 {
        self.entries[index].digest.start(self.starts)
    }

    fn write(&mut self, index: usize, coefficients: &mut [u8], row: &mut [u8]) {
        let Entry { digest, source } = self.entries[index];
        self.hasher.expand(digest, &mut self.expanded);
        let (bits, mask) = self.expanded.split_at_mut(self.expansion.coefficient_bytes);
        self.expansion.finish(bits);
        let mut bits = bits.iter().map(|byte| &SPREAD[usize::from(*byte)]);
        let (whole, rest) = coefficients.as_chunks_mut::<8>();
        for (columns, spread) in whole.iter_mut().zip(&mut bits) {
            *columns = *spread;
        }
        for (column, bit) in rest.iter_mut().zip(bits.next().into_iter().flatten()) {
            *column = *bit;
        }
        match source {
            Source::Pair(pair) => {
                row.copy_from_slice(mask);
                self.values.seal((self.value)(pair), row);
            }
            Source::Dummy(dummy) => self.dummy_rows.fill(dummy, row),
        }
    }
}

impl<V> Drop for ShardSystem<'_, V> {
    fn drop(&mut self) {
        self.expanded.zeroize();
    }
}

/// For each byte its eight bits, lowest first, as bytes.
const SPREAD: [[u8; 8]; 256] = {
    let mut table = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut bit = 0;
        while bit < 8 {
            table[byte][bit] = (byte >> bit) as u8 & 1;
            bit += 1;
        }
        byte += 1;
    }
    table
};

/// Free cells drawn from the secret seed.
pub(crate) struct SecretCells(SecretStream);

impl SecretCells {
    pub(crate) fn new(parameters: &Parameters, shard: u32, cell_seed: &CellSeed) -> Self {
        let row_bytes = parameters.shape().row_bytes() as usize;
        Self(SecretStream::new(cell_seed, parameters.attempt(), shard, Purpose::FreeCells, row_bytes))
    }
}

impl FreeCells for SecretCells {
    fn fill(&mut self, column: u32, row: &mut [u8]) {
        self.0.fill(column, row);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: u8) -> Digest {
        Digest::from_bytes([number; Digest::BYTES])
    }

    fn dummies() -> SecretStream {
        SecretStream::new(&CellSeed::from_bytes([1; 32]), 0, 0, Purpose::DummyDigests, Digest::BYTES)
    }

    fn first_dummy() -> Digest {
        let mut bytes = [0; Digest::BYTES];
        dummies().fill(0, &mut bytes);
        Digest::from_bytes(bytes)
    }

    #[test]
    fn entries_are_sorted_and_filled_up() {
        let mut entries = Entries::with_capacity(5);
        let pairs = [(digest(9), 0), (digest(3), 1)];
        assert_eq!(entries.collect(pairs.into_iter(), 3, &mut dummies()), Ok(()));
        assert_eq!(entries.0.len(), 5);
        assert!(entries.0.is_sorted());
    }

    #[test]
    fn two_pairs_with_one_digest_are_named_before_anything_else() {
        let mut entries = Entries::with_capacity(9);
        let pairs =
            [(first_dummy(), 0), (digest(5), 1), (digest(3), 2), (digest(5), 3), (digest(3), 4), (digest(3), 5)];
        assert_eq!(entries.collect(pairs.into_iter(), 1, &mut dummies()), Err(Collision::Pairs(1, 3)));
    }

    #[test]
    fn a_dummy_with_the_digest_of_a_pair_is_rejected() {
        let mut entries = Entries::with_capacity(2);
        assert_eq!(entries.collect([(first_dummy(), 0)].into_iter(), 1, &mut dummies()), Err(Collision::Dummy));
    }

    #[test]
    fn bits_spread_to_bytes_lowest_first() {
        assert_eq!(SPREAD[0b1000_0101], [1, 0, 1, 0, 0, 0, 0, 1]);
    }
}
