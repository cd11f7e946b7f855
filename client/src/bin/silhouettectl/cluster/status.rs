//! `silhouettectl cluster status`: how every node is, what is wrong, and what to do.

mod findings;
mod node;

use std::collections::HashSet;

use clap::Args;
use futures::future::join;
use serde::Serialize;

pub(crate) use self::{
    findings::{Finding, findings},
    node::{Check, Node},
};
use super::view::ConfigurationDocument;
use crate::{
    exit::Exit,
    failure::Failure,
    output::{Table, View},
    session::Session,
};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(
    before_help = "\
Examples:
  silhouettectl cluster status
  silhouettectl cluster status -o wide
  silhouettectl cluster status -o json | jq '.nodes[] | select(.ready | not)'
  silhouettectl cluster status -o json | jq -r '.findings[].command'",
    after_help = "\
Beneath the table stands what was found to be wrong, worst first: what was seen, why it matters, what to do and the
command to type. Errors make the exit code 5; warnings do not."
)]
pub(crate) struct Status {}

/// How every node of a cluster is.
#[derive(Debug, Serialize)]
struct ClusterStatus {
    healthy: bool,
    findings: Vec<Finding>,
    nodes: Vec<Node>,
}

impl ClusterStatus {
    fn new(nodes: impl IntoIterator<Item = Node>, configuration: Option<&ConfigurationDocument>) -> Self {
        let nodes = distinct(nodes);
        let findings = findings(&nodes, configuration);
        let answered: Vec<_> = nodes.iter().filter_map(|node| node.answer.as_ref()).collect();
        let serves = !answered.is_empty() && nodes.iter().all(|node| node.ready);
        Self { healthy: serves && !findings.iter().any(Finding::is_error), findings, nodes }
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

/// Each node once, although several addresses may lead to it.
pub(crate) fn distinct(nodes: impl IntoIterator<Item = Node>) -> Vec<Node> {
    let mut seen = HashSet::new();
    let mut is_new = |node: &Node| node.answer.as_ref().is_none_or(|answer| seen.insert(answer.instance_id.clone()));
    nodes.into_iter().filter(|node| is_new(node)).collect()
}

impl View for ClusterStatus {
    fn table(&self, wide: bool) -> String {
        let titles = ["ENDPOINT", "MEMBER", "VERSION", "DISK", "ROLE", "TERM", "INDEX", "APPLIED", "ROUNDS"];
        let more = if wide { &["NAME", "INSTANCE"][..] } else { &[] };
        let mut table = Table::new(titles, more.iter().copied(), "ERRORS");
        self.nodes.iter().for_each(|node| node.add_to(&mut table, wide));
        let mut text = table.render();
        if !self.findings.is_empty() {
            text.push('\n');
            self.findings.iter().for_each(|finding| text.push_str(&finding.paragraph()));
        }
        text
    }

    fn names(&self) -> Option<Vec<String>> {
        let members = self.nodes.iter().filter_map(|node| node.answer.as_ref()?.member_id);
        Some(members.map(|id| format!("member/{id}")).collect())
    }
}

impl Status {
    /// Asks every endpoint and every member that they name.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let cluster = session.client()?.cluster();
        let (statuses, configuration) = join(cluster.statuses(), cluster.present_members()).await;
        let nodes = statuses.into_iter().map(|(endpoint, status)| Node::new(endpoint.to_string(), status));
        let configuration = configuration.as_ref().map(ConfigurationDocument::from);
        let status = ClusterStatus::new(nodes, configuration.as_ref());
        session.show(&status)?;
        Ok(status.exit())
    }
}

#[cfg(test)]
mod tests;
