//! A node's own view of itself.

use silhouette_proto::v1;

use crate::{
    consensus::MemberProgress,
    encoding::DamagedPart,
    ids::RoundUid,
    node::{Member, NodeHandle},
    readiness::Check,
    service::{agreement::worker_failed, refusal::Refusal, wire},
    state::{Round, State},
    storage::Identity,
};

/// Rounds at most that are told by name of those that a member lacks. More would not help, and this is asked often.
const NAMED_ROUNDS: usize = 16;

/// Who the node is, in every state of its life.
pub(super) fn identity(node: &NodeHandle) -> Result<v1::Identity, Refusal> {
    let identity = node.store()?.identity();
    let place = match (&identity, node.administered()) {
        (Identity::Member { id, .. }, Ok(member)) => member.consensus.state().member_state(*id),
        _ => None,
    };
    Ok(wire::identity(&identity, place, node.settings().name.clone(), node.advertised()))
}

/// Everything that the node knows of itself. Of a node that runs no member: identity, disk and checks.
pub(super) async fn status(node: &NodeHandle) -> Result<v1::GetStatusResponse, Refusal> {
    let identity = identity(node)?;
    let store = node.store()?;
    let disk = tokio::task::spawn_blocking(move || (store.disk_bytes(), store.disk_space())).await;
    let (disk_bytes, space) = disk.map_err(|error| worker_failed(&error))?;
    let common = v1::GetStatusResponse {
        identity: Some(identity),
        disk_bytes,
        disk_free_bytes: space.map_or(0, |space| space.free_bytes),
        disk_total_bytes: space.map_or(0, |space| space.total_bytes),
        ..without_storage(node)
    };
    Ok(match node.administered() {
        Ok(member) => of_member(common, &member),
        Err(_) => common,
    })
}

/// What the node knows of itself before its storage is open.
pub(super) fn without_storage(node: &NodeHandle) -> v1::GetStatusResponse {
    v1::GetStatusResponse {
        checks: node.verdict().checks.into_iter().map(check).collect(),
        draining: node.is_draining(),
        ..v1::GetStatusResponse::default()
    }
}

fn check(check: Check) -> v1::Check {
    v1::Check { name: check.name.to_string(), ok: check.ok, message: check.message }
}

/// With what a member knows, which may have stopped serving.
pub(super) fn of_member(common: v1::GetStatusResponse, member: &Member) -> v1::GetStatusResponse {
    let raft = member.consensus.status().borrow().clone();
    let rounds_held = member.encodings.held().borrow().len() as u32;
    let degraded = member.encodings.degraded().borrow().clone();
    let state = member.consensus.state();
    v1::GetStatusResponse {
        term: raft.term.0,
        leader_id: raft.leader.map_or(0, |leader| leader.0),
        last_index: raft.last_index.0,
        commit_index: raft.commit.0,
        applied_index: raft.applied.0,
        rounds_held,
        rounds_known: state.live_rounds().count() as u32,
        progress: raft.progress.iter().map(|of| progress(&state, of)).collect(),
        fence: member.consensus.fence().map(ToString::to_string).unwrap_or_default(),
        rounds_at_risk: state.rounds_at_risk().count() as u32,
        degradations: degraded.iter().filter_map(|(uid, part)| degradation(&state, *uid, *part)).collect(),
        ..common
    }
}

/// Nothing of a round that has ended meanwhile.
fn degradation(state: &State, uid: RoundUid, part: DamagedPart) -> Option<v1::Degradation> {
    let round = state.live_round(uid)?;
    Some(v1::Degradation {
        round_id: round.id().to_string(),
        round_uid: uid.to_string(),
        message: part.sentence().to_owned(),
    })
}

fn progress(state: &State, of: &MemberProgress) -> v1::Progress {
    let missing: Vec<&Round> = state.missing_rounds(of.member).collect();
    v1::Progress {
        member_id: of.member.0,
        matched_index: of.matched.0,
        active: of.active,
        rounds_missing: missing.len() as u32,
        missing_round_ids: missing.iter().take(NAMED_ROUNDS).map(|round| round.id().to_string()).collect(),
        silent_ms: u64::try_from(of.silence.as_millis()).unwrap_or(u64::MAX),
        caught_up: of.keeps_up && state.may_be_promoted(of.member),
    }
}
