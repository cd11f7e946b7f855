//! `silhouettectl cluster status`.

use std::collections::HashSet;

use clap::Args;
use indicatif::BinaryBytes;
use serde::Serialize;
use silhouette_client::{Error, MemberId, NodeStatus};

use super::view::AddressesDocument;
use crate::{
    exit::Exit,
    failure::Failure,
    output::{Table, View, or_none},
    session::Session,
};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl cluster status
  silhouettectl cluster status -o wide
  silhouettectl cluster status -o json | jq '.nodes[] | select(.ready | not)'")]
pub(crate) struct Status {}

/// How every node of a cluster is.
#[derive(Debug, Serialize)]
struct ClusterStatus {
    healthy: bool,
    nodes: Vec<Node>,
}

/// How a node is; all but its endpoint is null or empty if it did not answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    endpoint: String,
    /// Why it did not answer, as a stable reason.
    error: Option<String>,
    ready: bool,
    #[serde(flatten)]
    answer: Option<Answer>,
}

/// What a node says of itself.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    instance_id: String,
    cluster_id: Option<String>,
    member_id: Option<u64>,
    name: String,
    version: String,
    addresses: AddressesDocument,
    role: String,
    term: u64,
    leader_id: Option<u64>,
    last_index: u64,
    commit_index: u64,
    applied_index: u64,
    disk_bytes: u64,
    rounds_held: u32,
    rounds_known: u32,
    draining: bool,
    checks: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    name: String,
    ok: bool,
    message: String,
}

impl Node {
    fn new(endpoint: String, status: Result<NodeStatus, Error>) -> Self {
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

    fn add_to(&self, table: &mut Table, wide: bool) {
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
        let check = |check: silhouette_client::Check| Check { name: check.name, ok: check.ok, message: check.message };
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
            rounds_held: status.rounds_held,
            rounds_known: status.rounds_known,
            draining: status.draining,
            checks: status.checks.into_iter().map(check).collect(),
        }
    }
}

impl ClusterStatus {
    /// A node that is reached by several addresses is shown once.
    fn new(nodes: impl IntoIterator<Item = Node>) -> Self {
        let mut seen = HashSet::new();
        let mut is_new =
            |node: &Node| node.answer.as_ref().is_none_or(|answer| seen.insert(answer.instance_id.clone()));
        let nodes: Vec<_> = nodes.into_iter().filter(|node| is_new(node)).collect();
        let clusters: HashSet<_> = nodes.iter().filter_map(|node| node.answer.as_ref()?.cluster_id.clone()).collect();
        Self { healthy: nodes.iter().all(|node| node.ready) && clusters.len() == 1, nodes }
    }

    fn exit(&self) -> Exit {
        if self.healthy {
            Exit::Done
        } else if self.nodes.iter().all(|node| node.answer.is_none()) {
            Exit::Unreachable
        } else {
            Exit::Unhealthy
        }
    }
}

impl View for ClusterStatus {
    fn table(&self, wide: bool) -> String {
        let titles = ["ENDPOINT", "MEMBER", "VERSION", "DISK", "ROLE", "TERM", "INDEX", "APPLIED", "ROUNDS"];
        let more = if wide { &["NAME", "INSTANCE"][..] } else { &[] };
        let mut table = Table::new(titles, more.iter().copied(), "ERRORS");
        self.nodes.iter().for_each(|node| node.add_to(&mut table, wide));
        table.render()
    }

    fn names(&self) -> Option<Vec<String>> {
        let members = self.nodes.iter().filter_map(|node| node.answer.as_ref()?.member_id);
        Some(members.map(|id| format!("member/{id}")).collect())
    }
}

impl Status {
    /// Asks every endpoint and every member that they name.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let statuses = session.client()?.cluster().statuses().await;
        let nodes = statuses.into_iter().map(|(endpoint, status)| Node::new(endpoint.to_string(), status));
        let status = ClusterStatus::new(nodes);
        session.show(&status)?;
        Ok(status.exit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(member: u64, role: &str, failing: &[&str]) -> Node {
        let check = |name: &&str| Check { name: (*name).to_owned(), ok: false, message: "a sentence".to_owned() };
        let answer = Answer {
            instance_id: format!("{member:032x}"),
            cluster_id: Some("c1".to_owned()),
            member_id: Some(member),
            name: format!("node-{member}"),
            version: "0.1.0".to_owned(),
            addresses: (&silhouette_client::Addresses::default()).into(),
            role: role.to_owned(),
            term: 3,
            leader_id: Some(1),
            last_index: 41,
            commit_index: 41,
            applied_index: 40,
            disk_bytes: 3 << 19,
            rounds_held: 2,
            rounds_known: 3,
            draining: false,
            checks: failing.iter().map(check).collect(),
        };
        let endpoint = format!("127.0.0.1:761{member}");
        Node { endpoint, error: None, ready: failing.is_empty(), answer: Some(answer) }
    }

    fn silent() -> Node {
        Node { endpoint: "127.0.0.1:7613".to_owned(), error: Some("UNREACHABLE".to_owned()), ..Node::default() }
    }

    #[test]
    fn nodes_that_do_not_answer_are_shown_too() {
        let status = ClusterStatus::new([node(1, "leader", &[]), node(2, "voter", &["leader", "lag"]), silent()]);
        let expected = "\
ENDPOINT         MEMBER   VERSION   DISK      ROLE     TERM     INDEX    APPLIED   ROUNDS   ERRORS
127.0.0.1:7611   1        0.1.0     1.50MiB   leader   3        41       40        2/3      <none>
127.0.0.1:7612   2        0.1.0     1.50MiB   voter    3        41       40        2/3      leader,lag
127.0.0.1:7613   <none>   <none>    <none>    <none>   <none>   <none>   <none>    <none>   UNREACHABLE
";
        assert_eq!(status.table(false), expected);
    }

    #[test]
    fn the_exit_code_tells_healthy_unhealthy_and_unreachable_apart() {
        let exit = |nodes: Vec<Node>| ClusterStatus::new(nodes).exit();
        assert_eq!(exit(vec![node(1, "leader", &[]), node(2, "voter", &[])]), Exit::Done);
        assert_eq!(exit(vec![node(1, "leader", &[]), silent()]), Exit::Unhealthy);
        assert_eq!(exit(vec![node(1, "voter", &["leader"])]), Exit::Unhealthy);
        assert_eq!(exit(vec![silent()]), Exit::Unreachable);
        let mut stranger = node(2, "leader", &[]);
        stranger.answer.as_mut().expect("it answers").cluster_id = Some("c2".to_owned());
        assert_eq!(exit(vec![node(1, "leader", &[]), stranger]), Exit::Unhealthy);
    }

    #[test]
    fn a_node_that_two_addresses_lead_to_is_shown_once() {
        assert_eq!(ClusterStatus::new([node(1, "leader", &[]), node(1, "leader", &[])]).nodes.len(), 1);
    }

    #[test]
    fn a_silent_node_has_its_endpoint_and_the_reason_in_a_document() {
        let document = serde_json::to_value(ClusterStatus::new([silent()])).expect("serialises");
        let node = serde_json::json!({ "endpoint": "127.0.0.1:7613", "error": "UNREACHABLE", "ready": false });
        assert_eq!(document, serde_json::json!({ "healthy": false, "nodes": [node] }));
    }
}
