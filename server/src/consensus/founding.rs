//! How a data directory becomes that of a cluster's founder.

use raft::prelude::{ConfState, HardState, SnapshotMetadata};

use crate::{
    ids::ClusterId,
    state::{Limits, MemberRecord, State},
    storage::{StorageError, Store},
};

/// Index and term of the first state: the log begins after it, so that whoever joins needs a snapshot, which carries
/// the configuration. From an empty log it would replay entries without anybody who votes.
const FIRST: u64 = 1;

/// Makes `store` the one voter of a new cluster.
pub(super) fn bootstrap(
    store: &Store,
    cluster: ClusterId,
    initial_members: u32,
    founder: MemberRecord,
    limits: Limits,
) -> Result<(), StorageError> {
    let id = founder.id;
    store.check_identity(&cluster, id)?;
    if store.is_member() {
        return Ok(());
    }
    let conf_state = ConfState { voters: vec![id.0], ..ConfState::default() };
    let first = SnapshotMetadata { index: FIRST, term: FIRST, conf_state: Some(conf_state) };
    let hard_state = HardState { term: FIRST, vote: id.0, commit: FIRST };
    store.install_state(
        &State::bootstrap(cluster.clone(), initial_members, founder, limits),
        &first,
        Some(&hard_state),
    )?;
    store.become_member(cluster, id)
}
