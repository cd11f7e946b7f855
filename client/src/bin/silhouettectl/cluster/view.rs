//! A cluster's configuration as documents show it. Names are those of the gRPC interface.

use serde::Serialize;
use silhouette_client::{Addresses, Configuration, Member, MemberId};

/// A cluster's name among objects of all kinds.
pub(super) fn name(configuration: &Configuration) -> String {
    format!("cluster/{}", configuration.cluster)
}

/// Members' names among objects of all kinds.
pub(super) fn member_name(member: MemberId) -> String {
    format!("member/{member}")
}

/// Who is in a cluster, in a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConfigurationDocument {
    pub(crate) cluster_id: String,
    pub(crate) conf_index: u64,
    pub(crate) leader_id: Option<u64>,
    pub(crate) term: u64,
    pub(crate) joint: bool,
    pub(crate) initial_members: u32,
    pub(crate) formed: bool,
    pub(crate) members: Vec<MemberDocument>,
}

/// A member, in a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MemberDocument {
    pub(crate) member_id: u64,
    pub(crate) instance_id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) addresses: AddressesDocument,
    pub(crate) replaces: Option<u64>,
    pub(crate) encoding_version: u32,
    pub(crate) memory_budget_bytes: u64,
}

/// Where a node is reached, in a document.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct AddressesDocument {
    pub(crate) client: String,
    pub(crate) peer: String,
    pub(crate) http: String,
}

impl From<&Configuration> for ConfigurationDocument {
    fn from(configuration: &Configuration) -> Self {
        Self {
            cluster_id: configuration.cluster.to_string(),
            conf_index: configuration.index.get(),
            leader_id: configuration.leader.map(MemberId::get),
            term: configuration.term.get(),
            joint: configuration.joint,
            initial_members: configuration.initial_members,
            formed: configuration.formed,
            members: configuration.members.iter().map(MemberDocument::from).collect(),
        }
    }
}

impl From<&Member> for MemberDocument {
    fn from(member: &Member) -> Self {
        Self {
            member_id: member.id.get(),
            instance_id: member.instance.clone(),
            name: member.name.clone(),
            state: member.state.to_string(),
            addresses: (&member.addresses).into(),
            replaces: member.replaces.map(MemberId::get),
            encoding_version: member.encoding_version,
            memory_budget_bytes: member.memory_budget_bytes,
        }
    }
}

impl From<&Addresses> for AddressesDocument {
    fn from(addresses: &Addresses) -> Self {
        let Addresses { client, peer, http, .. } = addresses.clone();
        Self { client, peer, http }
    }
}
