//! What is wrong with nodes, as they say themselves.

use indicatif::BinaryBytes;

use super::{
    Finding, Severity,
    seen::{Quorum, Seen},
};
use crate::cluster::status::{
    Check, Node,
    node::{Answer, Degradation},
};

/// A disk with less than this share left is nearly full, in percent ..
const SPARE_PERCENT: u64 = 10;
/// .. unless so many bytes are left: several rounds of the largest size, and the log.
const SPARE_BYTES: u64 = 4 << 30;

/// What is wrong with the nodes that answered.
pub(super) fn findings(seen: &Seen<'_>) -> Vec<Finding> {
    seen.answers().flat_map(|(node, answer)| of_node(seen, node, answer)).collect()
}

fn of_node(seen: &Seen<'_>, node: &Node, answer: &Answer) -> Vec<Finding> {
    let mut findings: Vec<_> = standing(seen, node, answer).into_iter().collect();
    let failing = answer.checks.iter().filter(|check| !check.ok && counts(seen, answer, &check.name));
    findings.extend(failing.map(|check| failed(node, answer, check)));
    findings.extend(answer.degradations.iter().map(|degradation| damaged(node, answer, degradation)));
    findings.extend(nearly_full(node, answer));
    findings
}

/// A node's name among objects of all kinds.
fn name(node: &Node, answer: &Answer) -> String {
    answer.member_id.map_or_else(|| node.endpoint.clone(), |member| format!("member/{member}"))
}

/// What a node is that takes no part.
fn standing(seen: &Seen<'_>, node: &Node, answer: &Answer) -> Option<Finding> {
    let finding = |seen: String, advice: &str, command: String| Finding {
        severity: Severity::Error,
        object: name(node, answer),
        seen,
        matters: "it serves nothing",
        advice: advice.to_owned(),
        command,
    };
    match (answer.role.as_str(), seen.member_at(&node.endpoint)) {
        ("uninitialised", Some(lost)) => Some(finding(
            format!("its disk is empty, but its address is that of member {}", lost.member_id),
            "if the disk of that member is lost, let this node take its place; else mount the right disk",
            format!("silhouettectl cluster add {} --replaces {}", node.endpoint, lost.member_id),
        )),
        ("uninitialised", None) => Some(finding(
            "it belongs to no cluster".to_owned(),
            "add it, with another one where the number of voters would become even",
            format!("silhouettectl cluster add {}", node.endpoint),
        )),
        ("joining", _) if !is_listed(seen, answer) => Some(finding(
            "it was given a number, and waits to hear from a leader".to_owned(),
            "repeat the command that added it, or that forms the cluster",
            format!("silhouettectl cluster add {}", node.endpoint),
        )),
        ("removed", _) => Some(finding(
            "it was removed from its cluster".to_owned(),
            "stop it; its data directory has to be emptied before it joins any cluster",
            "silhouettectl cluster members".to_owned(),
        )),
        _ => None,
    }
}

/// Whether the configuration knows the node as a member.
fn is_listed(seen: &Seen<'_>, answer: &Answer) -> bool {
    seen.members().any(|member| Some(member.member_id) == answer.member_id)
}

/// Whether a failing check of a node tells something that no other finding does.
fn counts(seen: &Seen<'_>, answer: &Answer, check: &str) -> bool {
    match (answer.role.as_str(), check) {
        (_, "disk" | "not-fenced") => true,
        // What it is explains the rest, and has a finding of its own.
        ("uninitialised" | "removed" | "joining", _) => false,
        ("learner", "voter") => !is_listed(seen, answer),
        // Nobody hears a leader while there is none, nor catches up with one.
        (_, "leader" | "caught-up") => seen.has_leader() && seen.quorum().is_none_or(Quorum::holds),
        _ => true,
    }
}

/// What to do about a failing check: why it matters, what to do, and the command. A check that this version does not
/// know has its sentence.
fn failed(node: &Node, answer: &Answer, check: &Check) -> Finding {
    let status = || "silhouettectl cluster status".to_owned();
    let scrape = |name: &str| format!("curl -s http://{}/metrics | grep {name}", answer.addresses.http);
    let (matters, advice, command) = match check.name.as_str() {
        "leader" => (
            "it applies no writes, and balancers send it no requests",
            "others have a leader: let members reach each other's PEER-ADDR",
            "silhouettectl cluster members".to_owned(),
        ),
        "caught-up" => (
            "balancers send it no requests until it has",
            "it has started lately and catches up by itself: look again",
            status(),
        ),
        "apply-lag" => (
            "what it answers is old, and balancers send it no requests",
            "it catches up by itself; if it does not, its disk is too slow or its processors are too busy",
            scrape("wal_fsync"),
        ),
        "rounds-held" => (
            "lookups in these rounds are answered by other members only",
            "it fetches them from members that hold them; if it does not, see its log",
            "silhouettectl round list".to_owned(),
        ),
        "disk" => (
            "it has stopped serving, and does not lead",
            "free space or repair the file system of its data directory, then restart it",
            "df -h".to_owned(),
        ),
        "not-fenced" => (
            "it has fenced itself, and serves nothing, so that it gives no wrong answer",
            "put a new, empty node in its place, and keep its disk for inspection",
            format!(
                "silhouettectl cluster add HOST:PORT --replaces {}",
                answer.member_id.map_or_else(|| "ID".to_owned(), |member| member.to_string())
            ),
        ),
        "not-draining" => (
            "balancers send it no requests any more",
            "somebody is stopping it: start it again when it has ended",
            status(),
        ),
        _ => (
            "balancers send it no requests",
            "see what it says of itself",
            format!("curl -s 'http://{}/readyz?verbose'", answer.addresses.http),
        ),
    };
    Finding {
        severity: Severity::Error,
        object: name(node, answer),
        seen: format!("{}: {}", check.name, check.message),
        matters,
        advice: advice.to_owned(),
        command,
    }
}

fn damaged(node: &Node, answer: &Answer, degradation: &Degradation) -> Finding {
    Finding {
        severity: Severity::Warning,
        object: name(node, answer),
        seen: format!("round {} is damaged: {}", degradation.round_id, degradation.message),
        matters: "it does not serve the round from what is damaged; other members do",
        advice: "it repairs itself; if that happens again, its disk or memory is failing: replace the node".to_owned(),
        command: format!("silhouettectl round describe {}", degradation.round_id),
    }
}

fn nearly_full(node: &Node, answer: &Answer) -> Option<Finding> {
    let (free, total) = answer.disk_free_bytes.zip(answer.disk_total_bytes)?;
    (free < (total / 100 * SPARE_PERCENT).min(SPARE_BYTES)).then(|| Finding {
        severity: Severity::Warning,
        object: name(node, answer),
        seen: format!("the file system of its data directory has {} of {} left", BinaryBytes(free), BinaryBytes(total)),
        matters: "a node whose disk is full stops serving and leading",
        advice: "free space there, enlarge it, or delete rounds that nobody reads".to_owned(),
        command: "silhouettectl round list".to_owned(),
    })
}
