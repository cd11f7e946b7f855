//! A small round for tests, in memory and as files.

use std::num::NonZeroUsize;

use silhouette_pir::{
    Plan,
    okvs::{self, CellSeed, HashSeed, ValueLayout},
};

use super::{HeldRound, files::EncodingFiles, work::Files};
use crate::ids::RoundUid;

/// Its uid.
pub(super) const UID: RoundUid = RoundUid([1; 16]);

/// Threads to compute its hint on.
pub(super) const THREADS: NonZeroUsize = NonZeroUsize::MIN;

/// Its plan.
pub(super) fn plan() -> Plan {
    Plan::new(1024, ValueLayout::Fixed { bytes: 8 }, 6).expect("a plan")
}

/// One of such rounds for each `seed`.
pub(super) fn round(seed: u8) -> HeldRound {
    let plan = plan();
    let (hash_seed, cell_seed) = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([seed; 32]));
    let accept = |encoding: &okvs::Encoding| plan.accepts(encoding);
    let pairs = [(b"key", [3; 8])];
    let encoding = okvs::encode(&pairs, plan.shape(), &hash_seed, &cell_seed, THREADS, accept).expect("an encoding");
    HeldRound::make(UID, &plan, &encoding, THREADS).expect("a round")
}

/// A directory with the files of a round.
pub(super) fn stored(round: &HeldRound) -> (tempfile::TempDir, EncodingFiles, Files) {
    let agreed = Files { encoding: round.encoding_digest(), hint: round.hint_digest() };
    let directory = tempfile::tempdir().expect("a directory");
    let files = EncodingFiles::open(directory.path().to_owned()).expect("the directory opens");
    files.write(agreed.encoding, &round.encoding()).expect("written");
    files.write(agreed.hint, &round.hint()).expect("written");
    (directory, files, agreed)
}
