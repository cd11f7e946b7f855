//! Secret pseudorandom records from the cell seed: what fills free cells and dummies.
//!
//! Each attempt, shard and purpose has a stream of its own, by BLAKE3's key derivation with extended output. Records
//! begin at block boundaries and are addressed by index, so that nothing depends on the order in which they are made.

use blake3::{Hasher, OutputReader};
use zeroize::Zeroize;

use crate::seed::CellSeed;

const BLOCK_BYTES: u64 = 64;

/// What a stream's records are for; the context of its key derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Record `r` is the row of free cell `r`.
    FreeCells,
    /// Record `d` is the digest of dummy `d`.
    DummyDigests,
    /// Record `d` is the masked row of dummy `d`.
    DummyRows,
}

impl Purpose {
    const fn context(self) -> &'static str {
        match self {
            Self::FreeCells => "silhouette-okvs v1 free cells",
            Self::DummyDigests => "silhouette-okvs v1 dummy digests",
            Self::DummyRows => "silhouette-okvs v1 dummy rows",
        }
    }
}

/// A seekable stream of equally long secret records. Wiped when dropped.
pub(crate) struct SecretStream {
    reader: OutputReader,
    stride: u64,
}

impl SecretStream {
    pub(crate) fn new(seed: &CellSeed, attempt: u8, shard: u32, purpose: Purpose, record_bytes: usize) -> Self {
        let mut hasher = Hasher::new_derive_key(purpose.context());
        hasher.update(seed.expose());
        hasher.update(&[attempt]);
        hasher.update(&shard.to_le_bytes());
        let reader = hasher.finalize_xof();
        hasher.zeroize();
        Self { reader, stride: (record_bytes as u64).next_multiple_of(BLOCK_BYTES) }
    }

    /// Fills `record`, which has the stream's record length, with record `index`.
    pub(crate) fn fill(&mut self, index: u32, record: &mut [u8]) {
        self.reader.set_position(u64::from(index) * self.stride);
        self.reader.fill(record);
    }
}

impl Drop for SecretStream {
    fn drop(&mut self) {
        self.reader.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(attempt: u8, shard: u32, purpose: Purpose, index: u32) -> [u8; 100] {
        let mut record = [0; 100];
        SecretStream::new(&CellSeed::from_bytes([3; 32]), attempt, shard, purpose, 100).fill(index, &mut record);
        record
    }

    #[test]
    fn streams_differ_by_attempt_shard_purpose_and_index() {
        let records = [
            record(0, 0, Purpose::FreeCells, 0),
            record(1, 0, Purpose::FreeCells, 0),
            record(0, 1, Purpose::FreeCells, 0),
            record(0, 0, Purpose::DummyDigests, 0),
            record(0, 0, Purpose::DummyRows, 0),
            record(0, 0, Purpose::FreeCells, 1),
        ];
        assert!((1..records.len()).all(|i| !records[..i].contains(&records[i])));
    }

    #[test]
    fn records_do_not_overlap() {
        let mut both = [0; 228];
        let mut stream = SecretStream::new(&CellSeed::from_bytes([3; 32]), 0, 0, Purpose::FreeCells, 100);
        stream.fill(0, &mut both);
        assert_eq!(both[..100], record(0, 0, Purpose::FreeCells, 0));
        assert_eq!(both[128..], record(0, 0, Purpose::FreeCells, 1));
    }
}
