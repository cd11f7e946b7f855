//! All that a node tells of itself for whoever looks for what is wrong with it.

use std::{fmt, time::Duration};

use silhouette_proto::v1;

use super::{
    Check, Configuration, LogIndex, NodeStatus, Term,
    status::{read_check, read_status},
};
use crate::{Error, MemberId, Round};

/// All that helps to find out what is wrong with a node. None of it can hold a published key or value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostics {
    /// Version of the program.
    pub version: String,
    /// Its own view of itself; `None` while its storage is not open.
    pub status: Option<NodeStatus>,
    /// Each check of readiness, there also without the rest of the status.
    pub checks: Vec<Check>,
    /// Its cluster's configuration as it has applied it; `None` if it runs no member.
    pub configuration: Option<Configuration>,
    /// The membership changes that its log still holds, oldest first.
    pub changes: Vec<LoggedChange>,
    /// The first entry of its log.
    pub first_index: LogIndex,
    /// All rounds that it knows, as it has applied them; they may be behind those of the leader.
    pub rounds: Vec<Round>,
    /// Its effective configuration, as a configuration file.
    pub settings: String,
    /// What it answers to a scrape of metrics.
    pub metrics: String,
    /// What it could not read, and why, a sentence each.
    pub gaps: Vec<String>,
}

/// A membership change in a node's log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedChange {
    /// Where in the log.
    pub index: LogIndex,
    /// The term in which it was proposed.
    pub term: Term,
    /// Its parts; none for the entry that ends a joint configuration.
    pub parts: Vec<(MemberId, ChangeKind)>,
    /// Cluster time at which it was proposed; `None` for the entry that ends a joint configuration.
    pub time: Option<Duration>,
}

/// What a membership change does with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// It replicates from then on.
    AddLearner,
    /// It votes from then on.
    Promote,
    /// It leaves for good.
    Remove,
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::AddLearner => "add-learner",
            Self::Promote => "promote",
            Self::Remove => "remove",
        })
    }
}

impl Diagnostics {
    pub(super) fn from_response(told: v1::GetDiagnosticsResponse) -> Result<Self, Error> {
        let status = told.status.unwrap_or_default();
        Ok(Self {
            version: told.version,
            checks: status.checks.iter().cloned().map(read_check).collect(),
            status: if status.identity.is_some() { Some(read_status(status)?) } else { None },
            configuration: told.configuration.map(|given| Configuration::from_response(Some(given))).transpose()?,
            changes: told.changes.iter().map(read_change).collect(),
            first_index: LogIndex(told.first_index),
            rounds: told.rounds.into_iter().map(Round::from_wire).collect::<Result<_, _>>()?,
            settings: told.settings,
            metrics: told.metrics,
            gaps: told.gaps,
        })
    }
}

fn read_change(change: &v1::ConfigurationChange) -> LoggedChange {
    LoggedChange {
        index: LogIndex(change.index),
        term: Term(change.term),
        parts: change.changes.iter().filter_map(read_part).collect(),
        time: (change.cluster_time_ms > 0).then(|| Duration::from_millis(change.cluster_time_ms)),
    }
}

/// A part of a change; `None` if it is of a kind that this version does not know.
fn read_part(part: &v1::MemberChange) -> Option<(MemberId, ChangeKind)> {
    let kind = match part.action() {
        v1::MemberAction::AddLearner => ChangeKind::AddLearner,
        v1::MemberAction::Promote => ChangeKind::Promote,
        v1::MemberAction::Remove => ChangeKind::Remove,
        v1::MemberAction::Unspecified => return None,
    };
    Some((MemberId::new(part.member_id)?, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_whose_storage_is_not_open_tells_its_checks() {
        let check = v1::Check { name: "voter".to_owned(), ok: false, message: "storage is not open yet".to_owned() };
        let status = v1::GetStatusResponse { checks: vec![check], ..v1::GetStatusResponse::default() };
        let told = v1::GetDiagnosticsResponse { status: Some(status), ..v1::GetDiagnosticsResponse::default() };
        let diagnostics = Diagnostics::from_response(told).expect("it can be read");
        assert_eq!((diagnostics.status, diagnostics.configuration), (None, None));
        assert_eq!(diagnostics.checks[0].name, "voter");
    }

    #[test]
    fn a_change_is_read_with_its_parts() {
        let part = |member_id, action: v1::MemberAction| v1::MemberChange { member_id, action: action.into() };
        let changes = vec![part(2, v1::MemberAction::Promote), part(3, v1::MemberAction::Unspecified)];
        let told = v1::ConfigurationChange { index: 9, term: 2, changes, cluster_time_ms: 1_500 };
        let change = read_change(&told);
        assert_eq!((change.index.get(), change.term.get()), (9, 2));
        assert_eq!(change.parts, [(MemberId::new(2).expect("not 0"), ChangeKind::Promote)]);
        assert_eq!(change.time, Some(Duration::from_millis(1_500)));
    }
}
