//! A round.

use silhouette_proto::v1;

use super::spec;
use crate::{
    ids::{ClusterTime, MemberId, WorkerName},
    state::{EncodingProgress, Phase, Round, State},
};

/// A round as a message.
pub(in crate::service) fn round(state: &State, round: &Round) -> v1::Round {
    let (sealed_at, ready_at) = match round.phase() {
        Phase::Sealed(sealing) => (Some(sealing.sealed_at), None),
        Phase::Ready(held) => (Some(held.sealed_at), Some(held.ready_at)),
        Phase::Open | Phase::Failed { .. } | Phase::Ended { .. } => (None, None),
    };
    v1::Round {
        round_id: round.id().to_string(),
        round_uid: round.uid().to_string(),
        spec: Some(spec(round.spec())),
        phase: phase(round.phase()).into(),
        failure_reason: match round.phase() {
            Phase::Failed { reason, .. } => reason.clone(),
            _ => String::new(),
        },
        workers_published: round.record.published.len() as u32,
        workers_expected: round.spec().expected.workers(),
        workers: workers(round),
        capacity: round.parameters().map_or(0, |parameters| parameters.capacity),
        encoding_digest: round.ready().map_or_else(Default::default, |held| held.encoding.0.to_vec().into()),
        members: members(state, round),
        reseal: round.reseal(),
        started_ms: round.record.started_at.0,
        sealed_ms: milliseconds(sealed_at),
        ready_ms: milliseconds(ready_at),
        cluster_time_ms: state.clock().0,
    }
}

fn milliseconds(time: Option<ClusterTime>) -> u64 {
    time.map_or(0, |time| time.0)
}

/// A phase. Users hear of deleted rounds as of expired ones: nothing is left of either.
fn phase(phase: &Phase) -> v1::Phase {
    match phase {
        Phase::Open => v1::Phase::Open,
        Phase::Sealed(_) => v1::Phase::Sealed,
        Phase::Ready(_) => v1::Phase::Ready,
        Phase::Failed { .. } => v1::Phase::Failed,
        Phase::Ended { .. } => v1::Phase::Expired,
    }
}

/// Who has begun or finished publishing, by name, until the round is Ready.
fn workers(round: &Round) -> Vec<v1::WorkerStatus> {
    if matches!(round.phase(), Phase::Ready(_) | Phase::Ended { .. }) {
        return Vec::new();
    }
    let published = round.record.published.keys().map(|worker| (worker, true, 0));
    let staged = round.staged_chunks().map(|(worker, chunks)| (worker, false, chunks));
    let mut workers: Vec<_> = published.chain(staged).collect();
    workers.sort_unstable();
    let status = |(worker, published, staged_chunks): (&WorkerName, bool, u64)| v1::WorkerStatus {
        worker: worker.to_string(),
        published,
        staged_chunks,
    };
    workers.into_iter().map(status).collect()
}

/// How far each member of the configuration is.
fn members(state: &State, round: &Round) -> Vec<v1::MemberRoundStatus> {
    if round.is_ended() {
        return Vec::new();
    }
    let raft = &state.configuration().raft;
    let members = state.members().filter(|member| raft.contains(member.id));
    members
        .map(|member| v1::MemberRoundStatus {
            member_id: member.id.0,
            encoding: encoding(round, member.id).into(),
            plaintext: if round.is_destroyed_by(member.id) { v1::Plaintext::Destroyed } else { v1::Plaintext::Held }
                .into(),
        })
        .collect()
}

fn encoding(round: &Round, member: MemberId) -> v1::EncodingStatus {
    match round.encoding_progress(member) {
        EncodingProgress::Pending => v1::EncodingStatus::Pending,
        EncodingProgress::Encoded => v1::EncodingStatus::Encoded,
        EncodingProgress::Failed => v1::EncodingStatus::Failed,
    }
}
