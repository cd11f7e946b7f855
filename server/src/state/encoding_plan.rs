//! What a sealing fixes: seeds and parameters of the encoding, computed by the leader and validated by every member.

use serde::{Deserialize, Serialize};
use silhouette_okvs::{HashSeed, SEED_BYTES, Shape, ShapeError, ValueLayout, public_capacity};
use silhouette_pir::{LweParameters, Plan, Sigma};
use thiserror::Error;

use super::{Phase, RoundSpec, SecretSeed, State};
use crate::ids::RoundUid;

/// The public parameters of an encoding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodingParameters {
    /// Version of the encoding's rules.
    pub encoding_version: u32,
    /// Public seed.
    pub hash_seed: [u8; SEED_BYTES],
    /// Public capacity in pairs.
    pub capacity: u64,
    /// Independent stores, side by side.
    pub shards: u32,
    /// Standard deviation of LWE secret and error.
    pub sigma: u32,
    /// Bits of a word of a query.
    pub query_bits: u32,
    /// Bits of a word of the hint.
    pub hint_bits: u32,
    /// Bits of a word of an answer.
    pub answer_bits: u32,
}

/// Everything that a sealing fixes, the secret seed included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncodingPlan {
    /// What may be told.
    pub parameters: EncodingParameters,
    /// Free cells and dummies follow from it.
    pub cell_seed: SecretSeed,
}

/// Why a round cannot be sealed so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EncodingPlanError {
    /// There is no such round, or it is not Open or Sealed.
    #[error("the round is neither open nor sealed")]
    NotSealable,
    /// A voter has not registered which versions it can encode.
    #[error("not every voter has registered an encoding version")]
    NoVersion,
    /// The standard deviation is none of those that are known.
    #[error("no parameters with standard deviation {0}")]
    Sigma(u32),
    /// The pairs do not fit any shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The shape cannot be retrieved from.
    #[error("{0}")]
    Plan(String),
}

impl EncodingParameters {
    fn new(plan: &Plan, encoding_version: u32, hash_seed: [u8; SEED_BYTES]) -> Self {
        let (shape, lwe) = (plan.shape(), plan.lwe());
        Self {
            encoding_version,
            hash_seed,
            capacity: shape.capacity(),
            shards: shape.shards(),
            sigma: lwe.sigma().value(),
            query_bits: lwe.query_bits(),
            hint_bits: lwe.hint_bits(),
            answer_bits: lwe.answer_bits(),
        }
    }

    /// The public seed as the encoding takes it.
    pub fn hash_seed(&self) -> HashSeed {
        HashSeed::from_bytes(self.hash_seed)
    }

    /// The plan for values of this layout, validated.
    pub fn plan(&self, values: ValueLayout) -> Result<Plan, EncodingPlanError> {
        let sigma = match self.sigma {
            16 => Sigma::Sixteen,
            32 => Sigma::ThirtyTwo,
            other => return Err(EncodingPlanError::Sigma(other)),
        };
        let shape = Shape::plan(self.capacity, self.shards, values)?;
        let lwe = LweParameters::new(sigma, self.query_bits, self.hint_bits, self.answer_bits)
            .map_err(|error| EncodingPlanError::Plan(error.to_string()))?;
        Plan::from_parts(shape, lwe).map_err(|error| EncodingPlanError::Plan(error.to_string()))
    }
}

/// The plan for `pairs` pairs of a round: a function of their public capacity alone.
pub(super) fn plan_for(spec: &RoundSpec, pairs: u64) -> Result<Plan, EncodingPlanError> {
    let capacity = public_capacity(pairs, spec.max_pairs)?;
    Plan::new(capacity, spec.values, spec.expected_lookups).map_err(|error| EncodingPlanError::Plan(error.to_string()))
}

impl State {
    /// The encoding version that every voter, and every learner that has registered, can make.
    pub fn encoding_version(&self) -> Option<u32> {
        let raft = &self.configuration().raft;
        let members = self.members().filter(|member| raft.contains(member.id));
        members
            .filter(|member| member.is_registered() || raft.is_voter(member.id))
            .map(|member| member.encoding_version)
            .min()
            .filter(|version| *version > 0)
    }

    /// What [`Command::Seal`](super::Command::Seal) shall carry, from two fresh and independent random seeds.
    pub fn seal_plan(
        &self,
        uid: RoundUid,
        hash_seed: [u8; SEED_BYTES],
        cell_seed: [u8; SEED_BYTES],
    ) -> Result<EncodingPlan, EncodingPlanError> {
        let round = self.live_round(uid).ok_or(EncodingPlanError::NotSealable)?;
        if !matches!(round.phase(), Phase::Open | Phase::Sealed(_)) {
            return Err(EncodingPlanError::NotSealable);
        }
        let version = self.encoding_version().ok_or(EncodingPlanError::NoVersion)?;
        let plan = plan_for(round.spec(), round.pairs())?;
        Ok(EncodingPlan {
            parameters: EncodingParameters::new(&plan, version, hash_seed),
            cell_seed: SecretSeed::from_bytes(cell_seed),
        })
    }
}
