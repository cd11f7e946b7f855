//! What a report may hold: this list of types, and nothing else.
//!
//! Each field is a number, a word of ours, a name of a node or round, an address, or text that a node writes about
//! itself (its configuration, its metrics, sentences of its checks), in which it never writes a key or a value. Nothing
//! of a round is taken over whole: workers, whose names their users choose, are counted.

use std::time::{Duration, SystemTime};

use serde::Serialize;
use silhouette_client::{Address, Diagnostics, Error, LoggedChange, MemberId, Round};

use crate::{
    cluster::{
        status::{Check, Finding, Node, distinct, findings},
        view::ConfigurationDocument,
    },
    failure::Failure,
    round::view::{encoding, plaintext},
};

/// Changes when a field is renamed or gets another meaning.
const FORMAT: u32 = 1;

/// What becomes of names of rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Names {
    /// They stay.
    Kept,
    /// They are left out, and so are sentences that may hold one.
    Redacted,
}

/// A report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    format: u32,
    /// When, by the clock of the machine that made it.
    created: String,
    client_version: &'static str,
    round_names: Names,
    findings: Vec<Finding>,
    nodes: Vec<NodeReport>,
}

/// What one node told; all but its endpoint and the error is null or empty if it did not answer.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct NodeReport {
    endpoint: String,
    /// Why it did not answer.
    error: Option<ErrorReport>,
    version: Option<String>,
    /// Its own view of itself; null while its storage is not open.
    status: Option<Node>,
    /// There also without the rest of the status.
    checks: Vec<Check>,
    /// The members as it knows them.
    configuration: Option<ConfigurationDocument>,
    /// Membership changes that its log still holds, oldest first.
    configuration_log: Vec<ChangeReport>,
    first_index: Option<u64>,
    rounds: Vec<RoundReport>,
    settings: String,
    metrics: String,
    /// What it could not tell, and why.
    gaps: Vec<String>,
}

/// Why a node did not answer.
#[derive(Debug, Serialize)]
struct ErrorReport {
    reason: String,
    message: String,
}

/// A membership change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeReport {
    index: u64,
    term: u64,
    /// Null for the entry that ends a joint configuration, which has no parts either.
    cluster_time_ms: Option<u64>,
    parts: Vec<PartReport>,
}

/// A part of a membership change.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PartReport {
    member_id: u64,
    action: String,
}

/// A round, as all may know it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RoundReport {
    /// Null if names are left out.
    round_id: Option<String>,
    round_uid: String,
    phase: String,
    /// The cluster's own sentence.
    failure_reason: Option<String>,
    workers_published: u32,
    workers_expected: u32,
    /// Workers that have begun to publish and have not finished.
    workers_uploading: usize,
    capacity: Option<u64>,
    encoding_digest: Option<String>,
    reseal: u32,
    members: Vec<MemberReport>,
    started_ms: u64,
    sealed_ms: Option<u64>,
    ready_ms: Option<u64>,
    cluster_time_ms: u64,
}

/// How far a member is with a round.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MemberReport {
    member_id: u64,
    encoding: &'static str,
    plaintext: &'static str,
}

impl Report {
    /// The report on what these nodes told, made now.
    pub(super) fn new(
        nodes: Vec<(Address, Result<Diagnostics, Error>)>,
        configuration: Option<&ConfigurationDocument>,
        names: Names,
    ) -> Self {
        let mut statuses: Vec<_> = nodes.iter().map(|(endpoint, told)| status(endpoint, told.as_ref())).collect();
        let mut nodes: Vec<_> = nodes.into_iter().map(|(endpoint, told)| NodeReport::new(&endpoint, told)).collect();
        if names == Names::Redacted {
            statuses.iter_mut().for_each(redact_status);
            nodes.iter_mut().for_each(NodeReport::redact);
        }
        // From what is left of the statuses: they repeat its sentences.
        let findings = findings(&distinct(statuses), configuration);
        Self {
            format: FORMAT,
            created: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            client_version: env!("CARGO_PKG_VERSION"),
            round_names: names,
            findings,
            nodes,
        }
    }

    /// The report as YAML, in which configurations and metrics can be read, or as JSON.
    pub(super) fn render(&self, json: bool) -> Result<String, Failure> {
        if json {
            let text = serde_json::to_string_pretty(self).map_err(|error| Failure::Document(error.to_string()))?;
            return Ok(text + "\n");
        }
        serde_yaml::to_string(self).map_err(|error| Failure::Document(error.to_string()))
    }
}

/// A node as `cluster status` sees it. One whose storage is not open answers nothing there, either.
fn status(endpoint: &Address, told: Result<&Diagnostics, &Error>) -> Node {
    let endpoint = endpoint.to_string();
    match told.map(|diagnostics| diagnostics.status.clone()) {
        Ok(Some(status)) => Node::new(endpoint, Ok(status)),
        Ok(None) => Node { endpoint, error: Some("STARTING".to_owned()), ..Node::default() },
        Err(error) => Node::new(endpoint, Err(error.clone())),
    }
}

/// Leaves out what a node says of itself that may name rounds.
fn redact_status(status: &mut Node) {
    let Some(answer) = &mut status.answer else { return };
    answer.checks.iter_mut().for_each(|check| check.message.clear());
    answer.fence.iter_mut().for_each(String::clear);
    for degradation in &mut answer.degradations {
        degradation.round_id.clone_from(&degradation.round_uid);
        degradation.message.clear();
    }
}

impl NodeReport {
    fn new(endpoint: &Address, told: Result<Diagnostics, Error>) -> Self {
        let status = status(endpoint, told.as_ref());
        let endpoint = endpoint.to_string();
        match told {
            Ok(told) => Self {
                endpoint,
                error: None,
                version: Some(told.version),
                status: Some(status),
                checks: told.checks.into_iter().map(Check::from).collect(),
                first_index: told.configuration.as_ref().map(|_| told.first_index.get()),
                configuration: told.configuration.as_ref().map(ConfigurationDocument::from),
                configuration_log: told.changes.iter().map(ChangeReport::from).collect(),
                rounds: told.rounds.iter().map(RoundReport::from).collect(),
                settings: told.settings,
                metrics: told.metrics,
                gaps: told.gaps,
            },
            Err(error) => {
                let error = ErrorReport { reason: error.reason().to_owned(), message: error.to_string() };
                Self { endpoint, error: Some(error), ..Self::default() }
            }
        }
    }

    /// Leaves out what may name a round.
    fn redact(&mut self) {
        self.status.iter_mut().for_each(redact_status);
        self.checks.iter_mut().for_each(|check| check.message.clear());
        for round in &mut self.rounds {
            (round.round_id, round.failure_reason) = (None, None);
        }
    }
}

impl From<&LoggedChange> for ChangeReport {
    fn from(change: &LoggedChange) -> Self {
        let parts = change.parts.iter();
        Self {
            index: change.index.get(),
            term: change.term.get(),
            cluster_time_ms: change.time.map(milliseconds),
            parts: parts.map(|(id, kind)| PartReport { member_id: id.get(), action: kind.to_string() }).collect(),
        }
    }
}

impl From<&Round> for RoundReport {
    fn from(round: &Round) -> Self {
        let members = round.members.iter().map(|member| MemberReport {
            member_id: MemberId::get(member.member),
            encoding: encoding(member.encoding),
            plaintext: plaintext(member.plaintext),
        });
        Self {
            round_id: Some(round.id.clone()),
            round_uid: round.uid.to_string(),
            phase: round.phase.to_string(),
            failure_reason: round.failure.clone(),
            workers_published: round.workers_published,
            workers_expected: round.workers_expected,
            workers_uploading: round.workers.iter().filter(|worker| !worker.published).count(),
            capacity: round.capacity,
            encoding_digest: round.encoding_digest.map(|digest| digest.to_string()),
            reseal: round.reseal,
            members: members.collect(),
            started_ms: milliseconds(round.started),
            sealed_ms: round.sealed.map(milliseconds),
            ready_ms: round.ready.map(milliseconds),
            cluster_time_ms: milliseconds(round.cluster_time),
        }
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round() -> RoundReport {
        RoundReport {
            round_id: Some("levels-1".to_owned()),
            round_uid: "00112233445566778899aabbccddeeff".to_owned(),
            phase: "Failed".to_owned(),
            failure_reason: Some("round levels-1 could not be encoded".to_owned()),
            workers_published: 1,
            workers_expected: 2,
            workers_uploading: 1,
            capacity: None,
            encoding_digest: None,
            reseal: 0,
            members: Vec::new(),
            started_ms: 1,
            sealed_ms: None,
            ready_ms: None,
            cluster_time_ms: 2,
        }
    }

    #[test]
    fn names_of_rounds_can_be_left_out_with_every_sentence_that_may_hold_one() {
        let check = Check { name: "rounds-held".to_owned(), ok: false, message: "does not hold levels-1".to_owned() };
        let mut node = NodeReport { rounds: vec![round()], checks: vec![check], ..NodeReport::default() };
        let text = |node: &NodeReport| serde_json::to_string(node).expect("serialises");
        assert!(text(&node).contains("levels-1"));
        node.redact();
        assert!(!text(&node).contains("levels-1"), "{}", text(&node));
        assert!(text(&node).contains("rounds-held") && text(&node).contains("00112233445566778899aabbccddeeff"));
    }

    #[test]
    fn a_node_that_does_not_answer_is_in_it_with_the_reason() {
        let endpoint: Address = "127.0.0.1:9".parse().expect("an address");
        let report = Report::new(vec![(endpoint, Err(Error::Randomness))], None, Names::Kept);
        let document = serde_json::to_value(&report).expect("serialises");
        assert_eq!(document["nodes"][0]["endpoint"], "127.0.0.1:9");
        assert_eq!(document["nodes"][0]["error"]["reason"], "NO_RANDOMNESS");
        assert_eq!(document["findings"][0]["severity"], "error");
        assert!(report.render(false).expect("renders").contains("reason: NO_RANDOMNESS"));
    }
}
