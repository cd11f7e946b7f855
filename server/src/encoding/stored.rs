//! Reading a Ready round from its files. They may be missing, cut short or altered: then it is fetched.

use std::num::NonZeroUsize;

use silhouette_pir::{Plan, hint_digest};

use super::{HeldRound, files::EncodingFiles, work::Files};
use crate::{
    ids::{Digest, RoundUid},
    state::State,
    storage::StorageError,
};

/// The plan of a Ready round, unless it is gone or has other files by now; and the cluster's limit of threads.
pub(super) fn agreed_plan(state: &State, uid: RoundUid, agreed: Files) -> Option<(Plan, u32)> {
    let round = state.live_round(uid)?;
    let held = round.ready().filter(|held| held.encoding == agreed.encoding && held.hint == agreed.hint)?;
    let plan = held.parameters.plan(round.spec().values).ok()?;
    Some((plan, state.limits().encoding_threads))
}

/// The round, if its encoding is stored. Damaged files are removed; a hint alone is computed anew.
pub(super) fn load(
    files: &EncodingFiles,
    uid: RoundUid,
    plan: &Plan,
    agreed: Files,
    threads: NonZeroUsize,
) -> Result<Option<HeldRound>, StorageError> {
    let Some(encoding) = files.read(agreed.encoding)? else { return Ok(None) };
    let mut hint = files.read(agreed.hint)?;
    if hint.take_if(|hint| Digest(hint_digest(hint)) != agreed.hint).is_some() {
        tracing::warn!(%uid, "the stored hint is damaged; it is computed anew");
        files.remove(agreed.hint)?;
    }
    match HeldRound::read(uid, plan, (encoding, agreed.encoding), (hint, agreed.hint), threads) {
        Ok(round) => {
            files.write(agreed.hint, &round.hint())?;
            Ok(Some(round))
        }
        Err(error) => {
            tracing::warn!(%uid, %error, "the stored encoding is damaged; it is removed");
            files.remove(agreed.encoding)?;
            files.remove(agreed.hint)?;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use silhouette_pir::okvs::{self, CellSeed, HashSeed, ValueLayout};

    use super::*;

    const UID: RoundUid = RoundUid([1; 16]);
    const THREADS: NonZeroUsize = NonZeroUsize::MIN;

    /// A directory with the files of a small round.
    fn stored() -> (tempfile::TempDir, EncodingFiles, Plan, Files) {
        let plan = Plan::new(1024, ValueLayout::Fixed { bytes: 8 }, 6).expect("a plan");
        let (hash_seed, cell_seed) = (HashSeed::from_bytes([1; 32]), CellSeed::from_bytes([2; 32]));
        let pairs = [(b"key", [3; 8])];
        let accept = |encoding: &okvs::Encoding| plan.accepts(encoding);
        let encoding =
            okvs::encode(&pairs, plan.shape(), &hash_seed, &cell_seed, THREADS, accept).expect("an encoding");
        let round = HeldRound::make(UID, &plan, &encoding, THREADS).expect("a round");
        let agreed = Files { encoding: round.encoding_digest(), hint: round.hint_digest() };
        let directory = tempfile::tempdir().expect("a directory");
        let files = EncodingFiles::open(directory.path().to_owned()).expect("the directory opens");
        files.write(agreed.encoding, &round.encoding()).expect("written");
        files.write(agreed.hint, &round.hint()).expect("written");
        (directory, files, plan, agreed)
    }

    fn loads(files: &EncodingFiles, plan: &Plan, agreed: Files) -> bool {
        load(files, UID, plan, agreed, THREADS).expect("the disk works").is_some()
    }

    #[test]
    fn a_stored_round_is_loaded() {
        let (_directory, files, plan, agreed) = stored();
        let round = load(&files, UID, &plan, agreed, THREADS).expect("the disk works").expect("it is stored");
        assert_eq!((round.encoding_digest(), round.hint_digest()), (agreed.encoding, agreed.hint));
        assert_eq!(round.encoding().len() as u64, plan.encoding_bytes());
        assert_eq!(round.hint().len() as u64, plan.hint_bytes());
    }

    #[test]
    fn a_truncated_or_altered_encoding_is_removed_and_not_loaded() {
        for damage in [|bytes: &mut Vec<u8>| bytes.truncate(1000), |bytes: &mut Vec<u8>| bytes[1000] ^= 1] {
            let (directory, files, plan, agreed) = stored();
            let path = directory.path().join(agreed.encoding.to_string());
            let mut bytes = fs::read(&path).expect("it is there");
            damage(&mut bytes);
            fs::write(&path, bytes).expect("written");
            assert!(!loads(&files, &plan, agreed));
            assert!(!path.exists());
        }
    }

    #[test]
    fn a_missing_or_altered_hint_is_computed_anew() {
        let (directory, files, plan, agreed) = stored();
        let path = directory.path().join(agreed.hint.to_string());
        let whole = fs::read(&path).expect("it is there");
        let mut altered = whole.clone();
        altered[7] ^= 1;
        fs::write(&path, altered).expect("written");
        assert!(loads(&files, &plan, agreed));
        assert_eq!(fs::read(&path).expect("it is there again"), whole);
        fs::remove_file(&path).expect("removed");
        assert!(loads(&files, &plan, agreed));
        assert_eq!(fs::read(&path).expect("it is there again"), whole);
    }

    #[test]
    fn a_round_that_is_not_stored_is_not_loaded() {
        let (_directory, files, plan, agreed) = stored();
        assert!(!loads(&files, &plan, Files { encoding: Digest([9; 32]), ..agreed }));
    }
}
