//! How much memory rounds may need: the least that a voter offers, never a local setting.

use silhouette_pir::Plan;

use super::{
    Limits, Phase, Rejection, Round, RoundSpec, State,
    chunk::{CHUNK_OVERHEAD_BYTES, PAIR_OVERHEAD_BYTES},
    encoding_plan::{EncodingPlanError, plan_for},
};
use crate::ids::RoundId;

/// What the encoding of a chunk adds to a pair at most: tags and lengths of the pair and of its two fields.
const PAIR_FRAME_BYTES: u64 = 32;

/// How many bytes of pairs, bookkeeping included, a round may stage and publish: enough for its pairs at their longest,
/// each in a chunk of its own, unless the limit is less. Where publications may overlap, each may have all the pairs.
pub(super) fn byte_limit(spec: &RoundSpec, limits: &Limits) -> u64 {
    let lengths = u64::from(limits.max_key_bytes) + u64::from(spec.values.max_bytes());
    let pair = lengths + PAIR_FRAME_BYTES + PAIR_OVERHEAD_BYTES + CHUNK_OVERHEAD_BYTES;
    let publications = if spec.on_conflict.allows_overlap() { spec.expected.workers() } else { 1 };
    let pairs = spec.pair_limit(limits).saturating_mul(u64::from(publications));
    let pairs = pairs.saturating_add(u64::from(limits.max_workers));
    pairs.saturating_mul(pair).min(limits.max_bytes_per_round)
}

/// What a pair takes while all are gathered to be encoded, beyond [`PAIR_OVERHEAD_BYTES`]: key and value are two
/// handles of 32 bytes each, and a list that grows has room for twice as many.
const GATHERED_PAIR_BYTES: u64 = 64;

/// What a round at its maxima needs: its pairs and their index, and while they are encoded what is served later and
/// whichever is more: the working memory of the encoding, or that of the hint.
pub(super) fn reservation(spec: &RoundSpec, limits: &Limits) -> Result<u64, EncodingPlanError> {
    let plan = plan_for(spec, spec.pair_limit(limits))?;
    let encoding = plan.shape().working_memory_bytes(limits.encoding_threads);
    Ok(served_bytes(&plan)
        .saturating_add(encoding.max(hint_working_bytes(&plan)))
        .saturating_add(spec.pair_limit(limits).saturating_mul(GATHERED_PAIR_BYTES))
        .saturating_add(byte_limit(spec, limits)))
}

/// What is needed to make the hint, and given back: the encoding as it was made, of which the matrix and the file are
/// copies, and the hint's words before they are packed.
fn hint_working_bytes(plan: &Plan) -> u64 {
    let words = plan.hint_bytes().saturating_mul(u64::from(u32::BITS)) / u64::from(plan.lwe().hint_bits());
    plan.encoding_bytes().saturating_add(words)
}

/// What a member keeps in memory of a Ready round: the matrix and the hint to answer queries, the encoding for
/// downloads and for members that lack it.
fn served_bytes(plan: &Plan) -> u64 {
    plan.matrix_bytes().saturating_add(plan.hint_bytes()).saturating_add(plan.encoding_bytes())
}

impl Round {
    /// What the round reserves in its phase.
    pub(super) fn reservation(&self, limits: &Limits) -> u64 {
        match self.phase() {
            // Its spec was planned when it was started.
            Phase::Open | Phase::Sealed(_) => reservation(self.spec(), limits).unwrap_or(u64::MAX),
            Phase::Ready(held) => held.parameters.plan(self.spec().values).map_or(u64::MAX, |plan| served_bytes(&plan)),
            Phase::Failed { .. } | Phase::Ended { .. } => 0,
        }
    }
}

impl State {
    /// Memory that all rounds together reserve on each member.
    pub fn reserved_bytes(&self) -> u64 {
        self.live_rounds().fold(0, |sum, round| sum.saturating_add(round.reserved))
    }

    /// The least memory that a voter offers; `None` while one has not registered.
    pub fn memory_budget_bytes(&self) -> Option<u64> {
        let raft = &self.configuration().raft;
        let voters = self.members().filter(|member| raft.is_voter(member.id));
        voters.map(|voter| voter.is_registered().then_some(voter.memory_budget_bytes)).min().flatten()
    }

    /// Refuses a round that the members have no memory for.
    pub(super) fn admit(&self, id: &RoundId, bytes: u64) -> Result<(), Rejection> {
        let budget = self.memory_budget_bytes().ok_or(Rejection::ClusterForming)?;
        let limit = budget.saturating_sub(self.reserved_bytes());
        if bytes > limit {
            return Err(Rejection::MemoryBudgetExceeded { id: id.clone(), bytes, limit });
        }
        Ok(())
    }
}
