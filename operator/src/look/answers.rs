//! What a node says of itself.

use silhouette_proto::v1::{Identity, MemberState};

use crate::{
    ids::{ClusterId, InstanceId, MemberId},
    nodes::Said,
    observed::Answer,
};

/// The longest id of a cluster or data directory, in bytes.
const LONGEST_ID: usize = 64;

/// What a node answered; nothing if it makes no sense.
pub(super) fn answer(said: &Said) -> Option<Answer> {
    let identity = &said.identity;
    match identity.state() {
        MemberState::Uninitialised => Some(Answer::Uninitialised { instance: instance(identity)? }),
        MemberState::Joining | MemberState::Learner | MemberState::Voter => {
            let (cluster, member) = membership(identity)?;
            let instance = instance(identity)?;
            Some(Answer::Member { cluster, member, instance, sees_leader: said.status.leader_id != 0 })
        }
        MemberState::Removed => {
            let (cluster, member) = membership(identity)?;
            Some(Answer::Removed { cluster, member })
        }
        MemberState::Unspecified => None,
    }
}

/// Whether it is the node in this pod that speaks, and not one that has got the address of a pod that is gone.
pub(super) fn is_of_pod(identity: &Identity, namespace: &str, pod: &str) -> bool {
    let host =
        identity.addresses.as_ref().and_then(|addresses| addresses.client.rsplit_once(':')).map(|(host, _)| host);
    // The pod's name, the headless Service's, the namespace, and what the cluster's domain is.
    let mut parts = host.into_iter().flat_map(|host| host.split('.'));
    identity.name == pod && parts.next() == Some(pod) && parts.nth(1) == Some(namespace)
}

/// The version of its program; nothing if it is too long to be one, since it becomes part of a status.
pub(super) fn version(identity: &Identity) -> Option<String> {
    let version = &identity.version;
    (!version.is_empty() && version.len() <= LONGEST_ID).then(|| version.clone())
}

/// Which member of which cluster.
pub(super) fn membership(identity: &Identity) -> Option<(ClusterId, MemberId)> {
    let is_member = is_id(&identity.cluster_id) && identity.member_id != 0;
    is_member.then(|| (ClusterId(identity.cluster_id.clone()), MemberId(identity.member_id)))
}

fn instance(identity: &Identity) -> Option<InstanceId> {
    is_id(&identity.instance_id).then(|| InstanceId(identity.instance_id.clone()))
}

/// Whether a text can be an id: it becomes a note and part of a status.
fn is_id(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= LONGEST_ID && text.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use silhouette_proto::v1::{Addresses, GetStatusResponse};

    use super::*;

    fn said(state: MemberState, leader_id: u64) -> Said {
        let identity = Identity {
            instance_id: "disk-1".to_owned(),
            state: state.into(),
            cluster_id: "c1".to_owned(),
            member_id: 3,
            name: "demo-1".to_owned(),
            addresses: Some(Addresses { client: "demo-1.demo-headless.team.svc:7601".to_owned(), ..<_>::default() }),
            ..Identity::default()
        };
        let status = GetStatusResponse { leader_id, ..GetStatusResponse::default() };
        Said { identity, status, configuration: None }
    }

    #[test]
    fn an_empty_disk_is_named() {
        let blank = answer(&said(MemberState::Uninitialised, 0)).expect("an answer");
        assert_eq!(blank.blank(), Some(&InstanceId::from("disk-1")));
    }

    #[test]
    fn a_member_says_of_which_cluster_it_is_and_whether_it_sees_a_leader() {
        let member = |sees_leader| Answer::Member {
            cluster: "c1".into(),
            member: MemberId(3),
            instance: "disk-1".into(),
            sees_leader,
        };
        for state in [MemberState::Joining, MemberState::Learner, MemberState::Voter] {
            assert_eq!(answer(&said(state, 2)), Some(member(true)));
            assert_eq!(answer(&said(state, 0)), Some(member(false)));
        }
        let removed = Answer::Removed { cluster: "c1".into(), member: MemberId(3) };
        assert_eq!(answer(&said(MemberState::Removed, 0)), Some(removed));
    }

    #[test]
    fn an_answer_that_makes_no_sense_is_none() {
        assert_eq!(answer(&said(MemberState::Unspecified, 0)), None);
        let nonsense: [fn(&mut Identity); 5] = [
            |identity| identity.cluster_id.clear(),
            |identity| identity.cluster_id = "c".repeat(65),
            |identity| identity.cluster_id = "c1\n".to_owned(),
            |identity| identity.member_id = 0,
            |identity| identity.instance_id.clear(),
        ];
        for spoil in nonsense {
            let mut said = said(MemberState::Voter, 1);
            spoil(&mut said.identity);
            assert_eq!(answer(&said), None, "{:?}", said.identity);
        }
    }

    #[test]
    fn a_node_speaks_for_its_own_pod_alone() {
        let identity = said(MemberState::Voter, 1).identity;
        assert!(is_of_pod(&identity, "team", "demo-1"));
        assert!(!is_of_pod(&identity, "team", "demo-2"), "it has got the address of another pod");
        assert!(!is_of_pod(&identity, "others", "demo-1"), "it is another cluster's");
        let renamed = Identity { name: "demo-2".to_owned(), ..identity };
        assert!(!is_of_pod(&renamed, "team", "demo-2"));
        assert!(!is_of_pod(&Identity::default(), "team", "demo-1"));
    }
}
