//! A node as `cluster status` and `report` show it.

use indicatif::BinaryBytes;
use serde::Serialize;
use silhouette_client::{Error, MemberId, NodeStatus};

use crate::{
    cluster::view::AddressesDocument,
    output::{Table, or_none},
};

/// How a node is; all but its endpoint is null or empty if it did not answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Node {
    pub(crate) endpoint: String,
    /// Why it did not answer, as a stable reason.
    pub(crate) error: Option<String>,
    pub(crate) ready: bool,
    #[serde(flatten)]
    pub(crate) answer: Option<Answer>,
}

/// What a node says of itself.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Answer {
    pub(crate) instance_id: String,
    pub(crate) cluster_id: Option<String>,
    pub(crate) member_id: Option<u64>,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) addresses: AddressesDocument,
    pub(crate) role: String,
    pub(crate) term: u64,
    pub(crate) leader_id: Option<u64>,
    pub(crate) last_index: u64,
    pub(crate) commit_index: u64,
    pub(crate) applied_index: u64,
    pub(crate) disk_bytes: u64,
    /// Null if the node cannot tell.
    pub(crate) disk_free_bytes: Option<u64>,
    /// Null if the node cannot tell.
    pub(crate) disk_total_bytes: Option<u64>,
    pub(crate) rounds_held: u32,
    pub(crate) rounds_known: u32,
    pub(crate) rounds_at_risk: u32,
    pub(crate) draining: bool,
    pub(crate) checks: Vec<Check>,
    /// Why it serves nothing any more; null if it is not fenced.
    pub(crate) fence: Option<String>,
    /// Rounds that are damaged there and not yet repaired.
    pub(crate) degradations: Vec<Degradation>,
    /// How far each other member has replicated; empty unless the node leads.
    pub(crate) replication: Vec<Replication>,
}

/// One reason for which a node is or is not ready.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Check {
    pub(crate) name: String,
    pub(crate) ok: bool,
    pub(crate) message: String,
}

/// A round that is damaged at a node, and not served from what is damaged.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Degradation {
    pub(crate) round_id: String,
    pub(crate) round_uid: String,
    pub(crate) message: String,
}

/// How far a member has replicated, as its leader sees it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Replication {
    pub(crate) member_id: u64,
    pub(crate) matched_index: u64,
    pub(crate) active: bool,
    pub(crate) rounds_missing: u32,
    pub(crate) silent_ms: u64,
    pub(crate) caught_up: bool,
}

impl Node {
    /// The node at `endpoint`, as it answered or did not.
    pub(crate) fn new(endpoint: String, status: Result<NodeStatus, Error>) -> Self {
        match status {
            Ok(status) => Self { endpoint, error: None, ready: status.is_ready(), answer: Some(status.into()) },
            Err(error) => Self { endpoint, error: Some(error.reason().to_owned()), ..Self::default() },
        }
    }

    /// Why it did not answer, or which checks do not hold.
    fn errors(&self) -> Vec<&str> {
        let failed = self.answer.iter().flat_map(|answer| &answer.checks).filter(|check| !check.ok);
        self.error.as_deref().into_iter().chain(failed.map(|check| check.name.as_str())).collect()
    }

    /// Adds its line to a table.
    pub(super) fn add_to(&self, table: &mut Table, wide: bool) {
        let answer = self.answer.as_ref();
        let cell = |of: fn(&Answer) -> String| or_none(answer.map(of));
        let cells = [
            self.endpoint.clone(),
            cell(|answer| or_none(answer.member_id)),
            cell(|answer| answer.version.clone()),
            // No blanks in values: "1.50 MiB" becomes "1.50MiB".
            cell(|answer| BinaryBytes(answer.disk_bytes).to_string().replace(' ', "")),
            cell(|answer| answer.role.clone()),
            cell(|answer| answer.term.to_string()),
            cell(|answer| answer.last_index.to_string()),
            cell(|answer| answer.applied_index.to_string()),
            cell(|answer| format!("{}/{}", answer.rounds_held, answer.rounds_known)),
        ];
        let more = if wide {
            vec![cell(|answer| answer.name.clone()), cell(|answer| answer.instance_id.clone())]
        } else {
            vec![]
        };
        table.row(cells, more, or_none(Some(self.errors().join(","))));
    }
}

impl From<NodeStatus> for Answer {
    fn from(status: NodeStatus) -> Self {
        let role = if status.leads() { "leader".to_owned() } else { status.identity.state.to_string() };
        let degradation = |of: silhouette_client::Degradation| Degradation {
            round_id: of.round_id,
            round_uid: of.round_uid,
            message: of.message,
        };
        let replication = |of: silhouette_client::Replication| Replication {
            member_id: of.member.get(),
            matched_index: of.matched.get(),
            active: of.active,
            rounds_missing: of.rounds_missing,
            silent_ms: u64::try_from(of.silence.as_millis()).unwrap_or(u64::MAX),
            caught_up: of.caught_up,
        };
        Self {
            instance_id: status.identity.instance,
            cluster_id: status.identity.cluster.map(|id| id.to_string()),
            member_id: status.identity.member.map(MemberId::get),
            name: status.identity.name,
            version: status.identity.version,
            addresses: (&status.identity.addresses).into(),
            role,
            term: status.term.get(),
            leader_id: status.leader.map(MemberId::get),
            last_index: status.last_index.get(),
            commit_index: status.commit_index.get(),
            applied_index: status.applied_index.get(),
            disk_bytes: status.disk_bytes,
            disk_free_bytes: status.disk_space.map(|space| space.free_bytes),
            disk_total_bytes: status.disk_space.map(|space| space.total_bytes),
            rounds_held: status.rounds_held,
            rounds_known: status.rounds_known,
            rounds_at_risk: status.rounds_at_risk,
            draining: status.draining,
            checks: status.checks.into_iter().map(Check::from).collect(),
            fence: status.fence,
            degradations: status.degradations.into_iter().map(degradation).collect(),
            replication: status.replication.into_iter().map(replication).collect(),
        }
    }
}

impl From<silhouette_client::Check> for Check {
    fn from(check: silhouette_client::Check) -> Self {
        Self { name: check.name, ok: check.ok, message: check.message }
    }
}
