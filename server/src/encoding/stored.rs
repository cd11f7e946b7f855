//! Reading a Ready round from its files. They may be missing, cut short or altered: then it is fetched.

use std::num::NonZeroUsize;

use bytes::Bytes;
use silhouette_pir::{Plan, hint_digest};

use super::{DamagedPart, HeldRound, damage::Damages, files::EncodingFiles, work::Files};
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

/// The round, if its encoding is stored. Damaged files are set aside; a hint alone is computed anew.
pub(super) fn load(
    files: &EncodingFiles,
    damages: &Damages,
    uid: RoundUid,
    plan: &Plan,
    agreed: Files,
    threads: NonZeroUsize,
) -> Result<Option<HeldRound>, StorageError> {
    let Some(encoding) = readable(files, damages, uid, agreed.encoding, DamagedPart::EncodingFile)? else {
        return Ok(None);
    };
    let mut hint = readable(files, damages, uid, agreed.hint, DamagedPart::HintFile)?;
    if hint.take_if(|hint| Digest(hint_digest(hint)) != agreed.hint).is_some() {
        damages.note(uid, DamagedPart::HintFile);
        files.set_aside(agreed.hint)?;
    }
    match HeldRound::read(uid, plan, (encoding, agreed.encoding), (hint, agreed.hint), threads) {
        Ok(round) => {
            files.write(agreed.hint, &round.hint())?;
            Ok(Some(round))
        }
        Err(error) => {
            tracing::warn!(%uid, %error, "a stored encoding is none of its round");
            damages.note(uid, DamagedPart::EncodingFile);
            files.set_aside(agreed.encoding)?;
            Ok(None)
        }
    }
}

/// A file's content. One that is there and cannot be read, as on a bad sector, is as good as a damaged one: it is set
/// aside, so that the round comes from elsewhere.
fn readable(
    files: &EncodingFiles,
    damages: &Damages,
    uid: RoundUid,
    digest: Digest,
    part: DamagedPart,
) -> Result<Option<Bytes>, StorageError> {
    match files.read(digest) {
        Ok(content) => Ok(content),
        Err(error) => {
            tracing::warn!(%uid, %error, "a stored file of the round cannot be read");
            damages.note(uid, part);
            files.set_aside(digest)?;
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use super::*;
    use crate::encoding::fixture::{THREADS, UID, plan, round};

    /// A directory with the files of a small round.
    fn stored() -> (tempfile::TempDir, EncodingFiles, Plan, Files) {
        let (directory, files, agreed) = crate::encoding::fixture::stored(&round(2));
        (directory, files, plan(), agreed)
    }

    fn loads(files: &EncodingFiles, damages: &Damages, plan: &Plan, agreed: Files) -> bool {
        load(files, damages, UID, plan, agreed, THREADS).expect("the disk works").is_some()
    }

    fn none() -> Damages {
        Damages::new(Arc::new(|_| ()))
    }

    fn found(damages: &Damages) -> Option<DamagedPart> {
        damages.watch().borrow().get(&UID).copied()
    }

    #[test]
    fn a_stored_round_is_loaded() {
        let (_directory, files, plan, agreed) = stored();
        let round = load(&files, &none(), UID, &plan, agreed, THREADS).expect("the disk works").expect("it is stored");
        assert_eq!((round.encoding_digest(), round.hint_digest()), (agreed.encoding, agreed.hint));
        assert_eq!(round.encoding().len() as u64, plan.encoding_bytes());
        assert_eq!(round.hint().len() as u64, plan.hint_bytes());
    }

    #[test]
    fn a_truncated_or_altered_encoding_is_set_aside_and_not_loaded() {
        for damage in [|bytes: &mut Vec<u8>| bytes.truncate(1000), |bytes: &mut Vec<u8>| bytes[1000] ^= 1] {
            let (directory, files, plan, agreed) = stored();
            let path = directory.path().join(agreed.encoding.to_string());
            let mut bytes = fs::read(&path).expect("it is there");
            damage(&mut bytes);
            fs::write(&path, &bytes).expect("written");
            let damages = none();
            assert!(!loads(&files, &damages, &plan, agreed));
            assert!(!path.exists());
            assert_eq!(fs::read(path.with_extension("damaged")).expect("it is kept"), bytes);
            assert_eq!(found(&damages), Some(DamagedPart::EncodingFile));
        }
    }

    #[test]
    fn a_missing_or_altered_hint_is_computed_anew() {
        let (directory, files, plan, agreed) = stored();
        let path = directory.path().join(agreed.hint.to_string());
        let whole = fs::read(&path).expect("it is there");
        let mut altered = whole.clone();
        altered[7] ^= 1;
        fs::write(&path, &altered).expect("written");
        let damages = none();
        assert!(loads(&files, &damages, &plan, agreed));
        assert_eq!(fs::read(&path).expect("it is there again"), whole);
        assert_eq!(fs::read(path.with_extension("damaged")).expect("it is kept"), altered);
        assert_eq!(found(&damages), Some(DamagedPart::HintFile));
        fs::remove_file(&path).expect("removed");
        assert!(loads(&files, &none(), &plan, agreed));
        assert_eq!(fs::read(&path).expect("it is there again"), whole);
    }

    #[test]
    fn a_round_that_is_not_stored_is_not_loaded() {
        let (_directory, files, plan, agreed) = stored();
        assert!(!loads(&files, &none(), &plan, Files { encoding: Digest([9; 32]), ..agreed }));
    }
}
