//! Members, the configuration, and who a node is.

use silhouette_proto::v1;

use crate::{
    ids::{MemberId, Term},
    state::{MemberAction, MemberRecord, MemberState, State},
    storage::Identity,
};

/// A member as a message.
fn member(record: &MemberRecord) -> v1::Member {
    v1::Member {
        member_id: record.id.0,
        instance_id: record.instance.to_string(),
        name: record.name.clone(),
        addresses: Some(v1::Addresses {
            client: record.client_address.clone(),
            peer: record.peer_address.clone(),
            http: record.http_address.clone(),
        }),
        state: member_state(record.state).into(),
        replaces: record.replaces.map_or(0, |replaced| replaced.0),
        encoding_version: record.encoding_version,
        memory_budget_bytes: record.memory_budget_bytes,
    }
}

/// A member's place in the cluster's life.
fn member_state(state: MemberState) -> v1::MemberState {
    match state {
        MemberState::Joining => v1::MemberState::Joining,
        MemberState::Learner => v1::MemberState::Learner,
        MemberState::Voter => v1::MemberState::Voter,
        MemberState::Removed => v1::MemberState::Removed,
    }
}

/// A part of a membership change.
pub(in crate::service) fn member_change(member: MemberId, action: MemberAction) -> v1::MemberChange {
    let action = match action {
        MemberAction::AddLearner => v1::MemberAction::AddLearner,
        MemberAction::Promote => v1::MemberAction::Promote,
        MemberAction::Remove => v1::MemberAction::Remove,
    };
    v1::MemberChange { member_id: member.0, action: action.into() }
}

/// The configuration as `state` has it, and the leader of `term`, if known.
pub(in crate::service) fn configuration(state: &State, term: Term, leader: Option<MemberId>) -> v1::Configuration {
    let configuration = state.configuration();
    v1::Configuration {
        cluster_id: state.cluster_id().to_string(),
        conf_index: configuration.index.0,
        members: state.members().filter(|record| record.state != MemberState::Removed).map(member).collect(),
        joint: configuration.raft.is_joint(),
        leader_id: leader.map_or(0, |leader| leader.0),
        term: term.0,
        initial_members: state.initial_members(),
        formed: state.formed(),
    }
}

/// Who a node is: its data directory's identity, its place in the cluster as it has applied it, its name and addresses.
pub(in crate::service) fn identity(
    identity: &Identity,
    place: Option<MemberState>,
    name: String,
    addresses: v1::Addresses,
) -> v1::Identity {
    let state = match (identity, place) {
        (Identity::Uninitialised { .. }, _) => v1::MemberState::Uninitialised,
        (Identity::Member { removed: true, .. }, _) => v1::MemberState::Removed,
        // Until the leader's log has come this far.
        (Identity::Member { .. }, None) => v1::MemberState::Joining,
        (Identity::Member { .. }, Some(place)) => member_state(place),
    };
    let (cluster_id, member_id) = match identity {
        Identity::Uninitialised { .. } => (String::new(), 0),
        Identity::Member { cluster, id, .. } => (cluster.to_string(), id.0),
    };
    v1::Identity {
        instance_id: identity.instance().to_string(),
        state: state.into(),
        cluster_id,
        member_id,
        name,
        addresses: Some(addresses),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
