//! What a sealing fixes, and how pairs become an encoding by it.
//!
//! Pure but for the chunks that it is handed: the same pairs, seeds and parameters give every member the same bytes.

use std::num::NonZeroUsize;

use bytes::Bytes;
use silhouette_pir::{
    Plan,
    okvs::{self, EncodeError},
};

use super::{HeldRound, held::UnfitError, pairs::Pairs};
use crate::{
    ids::{Digest, RoundUid},
    state::{ChunkKey, EncodingPlan, EncodingPlanError, OnConflict, Round},
    storage::StorageError,
};

/// How one sealing of a round is encoded.
pub struct Recipe {
    uid: RoundUid,
    plan: EncodingPlan,
    shape: Plan,
    on_conflict: OnConflict,
    chunks: Vec<ChunkKey>,
}

/// Why pairs cannot be encoded: a matter of the pairs and seeds, the same on every member. Names pairs by number, if at
/// all.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// The pairs do not fit, or no attempt succeeded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// What was encoded cannot be held.
    #[error(transparent)]
    Unfit(#[from] UnfitError),
}

impl Recipe {
    /// The recipe of a round whose pairs are closed and not destroyed.
    pub fn of(round: &Round) -> Option<Self> {
        let plan = round.encoding_plan()?;
        let uid = round.uid();
        // A sealing with an impossible plan is never applied.
        let shape = plan.parameters.plan(round.spec().values);
        let shape =
            shape.inspect_err(|error: &EncodingPlanError| tracing::error!(%uid, %error, "no such plan")).ok()?;
        Some(Self { uid, plan, shape, on_conflict: round.spec().on_conflict, chunks: round.published_chunks() })
    }

    /// The chunks that hold the pairs, in the order in which [`Recipe::gather`] takes them.
    pub fn chunks(&self) -> &[ChunkKey] {
        &self.chunks
    }

    /// The pairs of these chunks, one of each key.
    pub fn gather(
        &self,
        chunks: impl Iterator<Item = Result<(ChunkKey, Bytes), StorageError>>,
    ) -> Result<Pairs, StorageError> {
        Pairs::gather(chunks, self.on_conflict)
    }

    /// By which members find out whether they have the same pairs.
    pub fn input_digest(&self, pairs: &Pairs) -> Digest {
        pairs.digest(&self.plan.cell_seed)
    }

    /// Encodes the pairs on so many threads. Takes seconds.
    pub fn encode(&self, pairs: &Pairs, threads: NonZeroUsize) -> Result<HeldRound, RecipeError> {
        let hash_seed = self.plan.parameters.hash_seed();
        let cell_seed = self.plan.cell_seed.to_cell_seed();
        let accept = |encoding: &okvs::Encoding| self.shape.accepts(encoding);
        let encoding = okvs::encode(pairs.as_slice(), self.shape.shape(), &hash_seed, &cell_seed, threads, accept)?;
        Ok(HeldRound::make(self.uid, &self.shape, &encoding, threads)?)
    }
}
