//! Who speaks to whom: every request of a peer is checked for it first.

use silhouette_proto::v1::PeerHeader;

use crate::{
    ids::{ClusterId, MemberId},
    service::refusal::Refusal,
    state::MemberState,
};

/// Checks the header of a request to member `receiver` of `cluster`, and returns the sender. `state_of` says where a
/// member is in the cluster's life; a sender that is not known yet is let in, since whoever joins knows nobody.
pub(super) fn check(
    header: Option<&PeerHeader>,
    cluster: &ClusterId,
    receiver: MemberId,
    state_of: impl FnOnce(MemberId) -> Option<MemberState>,
) -> Result<MemberId, Refusal> {
    let header = header.ok_or_else(|| Refusal::field("header", "must be there"))?;
    if header.cluster_id != cluster.as_str() {
        return Err(Refusal::WrongCluster { ours: cluster.clone() });
    }
    if header.to_member != receiver.0 {
        return Err(Refusal::WrongMember { ours: receiver });
    }
    let sender = MemberId(header.from_member);
    if sender.0 == 0 || sender == receiver {
        return Err(Refusal::field("header.from_member", "must be the number of another member"));
    }
    match state_of(sender) {
        Some(MemberState::Removed) => Err(Refusal::Removed { member: sender }),
        Some(MemberState::Joining | MemberState::Learner | MemberState::Voter) | None => Ok(sender),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::refusal::Reason;

    fn header(cluster: &str, from: u64, to: u64) -> PeerHeader {
        PeerHeader { cluster_id: cluster.to_owned(), from_member: from, to_member: to, from_address: String::new() }
    }

    fn checked(header: Option<&PeerHeader>, sender: Option<MemberState>) -> Result<MemberId, Reason> {
        let cluster: ClusterId = "ours".parse().expect("a cluster id");
        check(header, &cluster, MemberId(1), |_| sender).map_err(|refusal| refusal.reason())
    }

    #[test]
    fn a_known_or_unknown_sender_of_this_cluster_is_let_in() {
        for sender in [None, Some(MemberState::Joining), Some(MemberState::Voter)] {
            assert_eq!(checked(Some(&header("ours", 2, 1)), sender), Ok(MemberId(2)));
        }
    }

    #[test]
    fn another_cluster_another_receiver_and_a_removed_sender_are_refused() {
        let voter = Some(MemberState::Voter);
        assert_eq!(checked(Some(&header("theirs", 2, 1)), voter), Err(Reason::WrongCluster));
        assert_eq!(checked(Some(&header("ours", 2, 3)), voter), Err(Reason::WrongMember));
        assert_eq!(checked(Some(&header("ours", 2, 1)), Some(MemberState::Removed)), Err(Reason::Removed));
    }

    #[test]
    fn a_request_without_a_sender_is_refused() {
        assert_eq!(checked(None, None), Err(Reason::InvalidRequest));
        assert_eq!(checked(Some(&header("ours", 0, 1)), None), Err(Reason::InvalidRequest));
        assert_eq!(checked(Some(&header("ours", 1, 1)), None), Err(Reason::InvalidRequest));
    }
}
