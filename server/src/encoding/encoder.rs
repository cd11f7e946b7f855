//! Encoding one round: pairs to files on disk. Runs on a thread of its own, for seconds.

use std::{num::NonZeroUsize, sync::Arc, time::Instant};

use silhouette_pir::{
    Plan,
    okvs::{self, EncodeError},
};

use super::{EncodingSettings, HeldRound, files::EncodingFiles, pairs::Pairs, work::Sealing};
use crate::{
    consensus::Consensus,
    ids::RoundUid,
    state::{ChunkKey, EncodingOutcome, EncodingPlan, EncodingPlanError, Publication, Round, State},
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
    let (sealed, keys) = read_sealed(&consensus.state(), uid, reseal).ok_or(EncoderError::Obsolete)?;
    let pairs = Pairs::gather(consensus.chunks(keys))?;
    let begun = Instant::now();
    let threads = threads(settings, consensus.state().limits().encoding_threads);
    match encode_pairs(uid, &sealed, &pairs, threads) {
        Ok(round) => {
            (settings.observe_encode)(begun.elapsed());
            files.write(round.encoding_digest(), &round.encoding())?;
            files.write(round.hint_digest(), &round.hint())?;
            let (encoding, hint) = (round.encoding_digest(), round.hint_digest());
            let input = pairs.digest(&sealed.plan.cell_seed);
            let outcome = EncodingOutcome::Encoded { input, encoding, hint };
            Ok(Made { outcome, round: Some(Arc::new(round)) })
        }
        Err(error) => {
            // Names pairs by number, if at all.
            tracing::error!(%uid, reseal, %error, "the round cannot be encoded");
            Ok(Made::failed())
        }
    }
}

/// Threads of one encode: what is configured, and no more than admission counts with.
pub(super) fn threads(settings: &EncodingSettings, limit: u32) -> NonZeroUsize {
    NonZeroUsize::new(limit as usize).map_or(NonZeroUsize::MIN, |limit| settings.threads.min(limit))
}

/// What a round's sealing fixes.
struct Sealed {
    plan: EncodingPlan,
    shape: Plan,
}

/// Why pairs cannot be encoded: a matter of the pairs and seeds, the same on every member.
#[derive(Debug, thiserror::Error)]
enum Unencodable {
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error("{0}")]
    Unfit(#[from] super::held::UnfitError),
}

/// What to encode, and the keys of its chunks; `None` if the sealing is obsolete.
fn read_sealed(state: &State, uid: RoundUid, reseal: u32) -> Option<(Sealed, Vec<ChunkKey>)> {
    let round = state.live_round(uid)?;
    if round.sealing()?.reseal != reseal {
        return None;
    }
    let plan = round.encoding_plan()?;
    // A sealing with an impossible plan is never applied.
    let shape = plan.parameters.plan(round.spec().values);
    let shape = shape.inspect_err(|error: &EncodingPlanError| tracing::error!(%uid, %error, "no such plan")).ok()?;
    Some((Sealed { plan, shape }, published_chunks(round)))
}

/// The chunks of publications that were committed, by worker.
fn published_chunks(round: &Round) -> Vec<ChunkKey> {
    let published = round.secret.publications.iter().filter_map(|(worker, publication)| match publication {
        Publication::Published(published) => Some((worker, published)),
        Publication::Staged(_) => None,
    });
    published
        .flat_map(|(worker, published)| ChunkKey::all(round.uid(), worker, published.upload, published.chunks))
        .collect()
}

fn encode_pairs(
    uid: RoundUid,
    sealed: &Sealed,
    pairs: &Pairs,
    threads: NonZeroUsize,
) -> Result<HeldRound, Unencodable> {
    let Sealed { plan, shape } = sealed;
    let hash_seed = plan.parameters.hash_seed();
    let cell_seed = plan.cell_seed.to_cell_seed();
    let accept = |encoding: &okvs::Encoding| shape.accepts(encoding);
    let encoding = okvs::encode(pairs.as_slice(), shape.shape(), &hash_seed, &cell_seed, threads, accept)?;
    Ok(HeldRound::make(uid, shape, &encoding, threads)?)
}
