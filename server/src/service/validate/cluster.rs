//! Requests of administrators.

use std::{collections::BTreeSet, time::Duration};

use silhouette_proto::v1;

use super::{super::refusal::Refusal, Fields};
use crate::{
    ids::{ClusterId, InstanceId, LogIndex, MemberId},
    state::{MemberAction, MemberRecord, MemberState},
};

/// A cluster to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bootstrapping {
    /// Its name.
    pub(crate) cluster: ClusterId,
    /// How many voters it waits for.
    pub(crate) initial_members: u32,
    /// Whom the caller means; any node if it is left open.
    pub(crate) instance: Option<InstanceId>,
}

impl Bootstrapping {
    pub(crate) fn read(request: &v1::BootstrapRequest) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let cluster = fields.take("cluster_id", request.cluster_id.parse::<ClusterId>());
        let initial_members = request.initial_members;
        // Even numbers tolerate no more failures than the odd one below, and two tolerate fewer than one.
        let odd = matches!(initial_members, 1 | 3 | 5);
        fields.require("initial_members", odd, "a cluster has 1, 3 or 5 initial members");
        let instance = match request.instance_id.as_str() {
            "" => None,
            given => fields.take("instance_id", given.parse::<InstanceId>()),
        };
        fields.finish(cluster.map(|cluster| Self { cluster, initial_members, instance }))
    }
}

/// A node that is told where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joining {
    /// Its cluster.
    pub(crate) cluster: ClusterId,
    /// Whom the caller means.
    pub(crate) instance: InstanceId,
    /// Its number.
    pub(crate) member: MemberId,
}

impl Joining {
    pub(crate) fn read(request: &v1::JoinRequest) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let cluster = fields.take("cluster_id", request.cluster_id.parse::<ClusterId>());
        let instance = fields.take("instance_id", request.instance_id.parse::<InstanceId>());
        fields.require("member_id", request.member_id > 0, "member id must not be 0");
        let member = MemberId(request.member_id);
        fields.finish(cluster.zip(instance).map(|(cluster, instance)| Self { cluster, instance, member }))
    }
}

/// A node that shall get a member id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allocation {
    /// The caller's cluster.
    pub(crate) cluster: ClusterId,
    /// What is known of the node; without an id.
    pub(crate) record: MemberRecord,
}

impl Allocation {
    pub(crate) fn read(request: &v1::AllocateMemberRequest) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let cluster = fields.take("cluster_id", request.cluster_id.parse::<ClusterId>());
        let instance = fields.take("instance_id", request.instance_id.parse::<InstanceId>());
        fields.require("name", is_name(&request.name), "a name has 1 to 128 bytes without spaces");
        let addresses = request.addresses.clone().unwrap_or_default();
        for (field, address) in [
            ("addresses.client", &addresses.client),
            ("addresses.peer", &addresses.peer),
            ("addresses.http", &addresses.http),
        ] {
            fields.require(field, is_address(address), "an address is host:port, of at most 256 bytes");
        }
        let record = |instance| MemberRecord {
            id: MemberId::default(),
            instance,
            name: request.name.clone(),
            client_address: addresses.client,
            peer_address: addresses.peer,
            http_address: addresses.http,
            encoding_version: 0,
            memory_budget_bytes: 0,
            replaces: (request.replaces > 0).then_some(MemberId(request.replaces)),
            state: MemberState::Joining,
        };
        fields.finish(cluster.zip(instance).map(|(cluster, instance)| Self { cluster, record: record(instance) }))
    }
}

fn is_name(name: &str) -> bool {
    (1..=128).contains(&name.len()) && !name.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn is_address(address: &str) -> bool {
    address.len() <= 256
        && address.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && !host.contains(char::is_whitespace) && port.parse::<u16>().is_ok_and(|port| port > 0)
        })
}

/// A membership change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Changing {
    /// The caller's cluster.
    pub(crate) cluster: ClusterId,
    /// The configuration that the caller saw.
    pub(crate) expected_conf_index: LogIndex,
    /// All parts.
    pub(crate) parts: Vec<(MemberId, MemberAction)>,
    /// How long a member that is replaced must not have been heard of.
    pub(crate) replaced_silence: Duration,
}

impl Changing {
    pub(crate) fn read(request: &v1::ChangeMembersRequest) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let cluster = fields.take("cluster_id", request.cluster_id.parse::<ClusterId>());
        fields.require("changes", !request.changes.is_empty(), "a change has at least one part");
        let members: BTreeSet<u64> = request.changes.iter().map(|part| part.member_id).collect();
        let distinct = members.len() == request.changes.len();
        fields.require("changes", distinct, "a member may occur once in a change");
        fields.require("changes", !members.contains(&0), "member id must not be 0");
        let parts: Option<Vec<_>> = request
            .changes
            .iter()
            .map(|part| action(part.action).map(|action| (MemberId(part.member_id), action)))
            .collect();
        let sentence = "an action is MEMBER_ACTION_ADD_LEARNER, MEMBER_ACTION_PROMOTE or MEMBER_ACTION_REMOVE";
        fields.require("changes", parts.is_some(), sentence);
        let expected_conf_index = LogIndex(request.expected_conf_index);
        let replaced_silence = Duration::from_millis(request.replaced_silent_ms);
        let changing = |(cluster, parts)| Self { cluster, expected_conf_index, parts, replaced_silence };
        fields.finish(cluster.zip(parts).map(changing))
    }
}

fn action(given: i32) -> Option<MemberAction> {
    match v1::MemberAction::try_from(given) {
        Ok(v1::MemberAction::AddLearner) => Some(MemberAction::AddLearner),
        Ok(v1::MemberAction::Promote) => Some(MemberAction::Promote),
        Ok(v1::MemberAction::Remove) => Some(MemberAction::Remove),
        Ok(v1::MemberAction::Unspecified) | Err(_) => None,
    }
}

/// A change of leader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Transferring {
    /// The caller's cluster.
    pub(crate) cluster: ClusterId,
    /// Who shall lead; the most advanced voter if it is left open.
    pub(crate) to: Option<MemberId>,
}

impl Transferring {
    pub(crate) fn read(request: &v1::TransferLeadershipRequest) -> Result<Self, Refusal> {
        let mut fields = Fields::default();
        let cluster = fields.take("cluster_id", request.cluster_id.parse::<ClusterId>());
        let to = (request.member_id > 0).then_some(MemberId(request.member_id));
        fields.finish(cluster.map(|cluster| Self { cluster, to }))
    }
}

/// The key of a digest of the state.
pub(crate) fn comparison_key(given: &[u8]) -> Result<[u8; 32], Refusal> {
    given.try_into().map_err(|_| Refusal::field("comparison_key", "a comparison key has 32 bytes"))
}
