//! Members and leadership: changes at the leader, the configuration anywhere.

use silhouette_proto::v1;

use crate::{
    ids::ClusterId,
    node::Member,
    service::{
        agreement::unexpected,
        refusal::Refusal,
        validate::{Allocation, Changing, Transferring},
        wire,
    },
    state::{Command, MembershipChange, Reply},
};

/// Gives an instance a member id, or says which it has.
pub(super) async fn allocate(
    member: Member,
    request: v1::AllocateMemberRequest,
) -> Result<v1::AllocateMemberResponse, Refusal> {
    let Allocation { cluster, record } = Allocation::read(&request)?;
    check_cluster(&member, &cluster)?;
    let (instance, replaces) = (record.instance, record.replaces);
    match member.propose(Command::AllocateMember { instance, record, replaces }).await? {
        Reply::Member { id } => Ok(v1::AllocateMemberResponse { member_id: id.0 }),
        other => Err(unexpected(&other)),
    }
}

/// Carries out one membership change.
pub(super) async fn change(
    member: Member,
    request: v1::ChangeMembersRequest,
) -> Result<v1::ChangeMembersResponse, Refusal> {
    let Changing { cluster, expected_conf_index, parts, replaced_silence } = Changing::read(&request)?;
    check_cluster(&member, &cluster)?;
    member.settle().await?;
    let time = member.consensus.leader_time().unwrap_or_else(|| member.consensus.state().clock());
    let change = MembershipChange { time, expected_conf_index, parts };
    member.consensus.change_members(change, replaced_silence).await.map_err(|error| member.refusal(error))?;
    Ok(v1::ChangeMembersResponse { configuration: Some(configuration(&member)) })
}

/// Hands leadership to a voter.
pub(super) async fn transfer(
    member: Member,
    request: v1::TransferLeadershipRequest,
) -> Result<v1::TransferLeadershipResponse, Refusal> {
    let Transferring { cluster, to } = Transferring::read(&request)?;
    check_cluster(&member, &cluster)?;
    let leader = match to {
        Some(to) if to == member.consensus.member_id() => to,
        to => member.consensus.transfer_leadership(to).await.map_err(|error| member.refusal(error))?,
    };
    Ok(v1::TransferLeadershipResponse { leader_id: leader.0 })
}

/// The configuration as this member has applied it.
pub(super) fn configuration(member: &Member) -> v1::Configuration {
    let (term, leader) = {
        let status = member.consensus.status();
        let status = status.borrow();
        (status.term, status.leader)
    };
    wire::configuration(&member.consensus.state(), term, leader)
}

/// Refuses a call that means another cluster.
fn check_cluster(member: &Member, given: &ClusterId) -> Result<(), Refusal> {
    let ours = member.consensus.cluster_id();
    if given == ours { Ok(()) } else { Err(Refusal::WrongCluster { ours: ours.clone() }) }
}
