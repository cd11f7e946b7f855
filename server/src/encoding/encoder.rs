//! Encoding one round: pairs to files on disk. Runs on a thread of its own, for seconds.

use std::{num::NonZeroUsize, sync::Arc, time::Instant};

use super::{EncodingSettings, HeldRound, Recipe, files::EncodingFiles, work::Sealing};
use crate::{
    consensus::Consensus,
    ids::RoundUid,
    state::{EncodingOutcome, State},
    storage::StorageError,
};

/// Why a round was not encoded here, this time.
#[derive(Debug, thiserror::Error)]
pub(super) enum EncoderError {
    /// It is not sealed any more, or sealed again, or its pairs are destroyed.
    #[error("the sealing is obsolete")]
    Obsolete,
    /// Its pairs cannot be read, or its files not be written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What came of encoding a round: what to report, and what to hold if the others report the same.
pub(super) struct Made {
    /// To report.
    pub(super) outcome: EncodingOutcome,
    /// To hold.
    pub(super) round: Option<Arc<HeldRound>>,
}

impl Made {
    /// Nothing: the round cannot be encoded here.
    pub(super) fn failed() -> Self {
        Self { outcome: EncodingOutcome::Failed, round: None }
    }
}

/// Encodes a sealing, and writes and syncs its files.
pub(super) fn encode(
    (uid, reseal): Sealing,
    consensus: &Consensus,
    files: &EncodingFiles,
    settings: &EncodingSettings,
) -> Result<Made, EncoderError> {
    let recipe = read_recipe(&consensus.state(), uid, reseal).ok_or(EncoderError::Obsolete)?;
    let pairs = recipe.gather(consensus.chunks(recipe.chunks().to_vec()))?;
    let begun = Instant::now();
    let threads = threads(settings, consensus.state().limits().encoding_threads);
    match recipe.encode(&pairs, threads) {
        Ok(round) => {
            (settings.observe_encode)(begun.elapsed());
            files.write(round.encoding_digest(), &round.encoding())?;
            files.write(round.hint_digest(), &round.hint())?;
            let (encoding, hint) = (round.encoding_digest(), round.hint_digest());
            let outcome = EncodingOutcome::Encoded { input: recipe.input_digest(&pairs), encoding, hint };
            Ok(Made { outcome, round: Some(Arc::new(round)) })
        }
        Err(error) => {
            tracing::error!(%uid, reseal, %error, "the round cannot be encoded");
            Ok(Made::failed())
        }
    }
}

/// Threads of one encode: what is configured, and no more than admission counts with.
pub(super) fn threads(settings: &EncodingSettings, limit: u32) -> NonZeroUsize {
    NonZeroUsize::new(limit as usize).map_or(NonZeroUsize::MIN, |limit| settings.threads.min(limit))
}

/// What to encode; `None` if the sealing is obsolete.
fn read_recipe(state: &State, uid: RoundUid, reseal: u32) -> Option<Recipe> {
    let round = state.live_round(uid)?;
    if round.sealing()?.reseal != reseal {
        return None;
    }
    Recipe::of(round)
}
