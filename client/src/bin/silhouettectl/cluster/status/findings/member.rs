//! What is wrong with members, as the configuration and the leader see them.

use super::{
    Finding, Severity,
    seen::{Quorum, Seen},
};
use crate::cluster::{status::node::Replication, view::MemberDocument};

/// A member so many entries behind will rather be sent a snapshot.
const LAGGING_ENTRIES: u64 = 1_000;

/// What is wrong with the members.
pub(super) fn findings(seen: &Seen<'_>) -> Vec<Finding> {
    let silent = seen.nodes.iter().filter(|node| node.answer.is_none());
    let mut findings: Vec<_> =
        silent.map(|node| does_not_answer(seen, &node.endpoint, node.error.as_deref())).collect();
    let members = seen.members().filter(|member| matches!(member.state.as_str(), "learner" | "joining"));
    findings.extend(members.map(does_not_vote));
    for (leader, of) in seen.replication() {
        let Some(member) = seen.members().find(|member| member.member_id == of.member_id) else { continue };
        // What the member says of itself tells more.
        let says = |check: &str| {
            let answer = seen.answer_of(of.member_id);
            answer.is_some_and(|answer| answer.checks.iter().any(|told| told.name == check && !told.ok))
        };
        let answers = seen.answer_of(of.member_id).is_some();
        if answers && !of.active && !says("leader") {
            findings.push(cut_off(member));
        }
        let behind = leader.last_index.saturating_sub(of.matched_index);
        if of.active && behind > LAGGING_ENTRIES {
            findings.push(lags(member, behind));
        }
        // A fenced member fetches nothing.
        if of.active && of.rounds_missing > 0 && !says("rounds-held") && !says("not-fenced") {
            findings.push(fetches(member, of));
        }
    }
    findings
}

fn does_not_answer(seen: &Seen<'_>, endpoint: &str, why: Option<&str>) -> Finding {
    let why = why.unwrap_or("UNREACHABLE");
    if why == "STARTING" {
        return Finding {
            severity: Severity::Error,
            object: endpoint.to_owned(),
            seen: "it is opening its storage".to_owned(),
            matters: "it takes no part meanwhile",
            advice: "wait for it; a large log takes a while".to_owned(),
            command: "silhouettectl cluster status".to_owned(),
        };
    }
    let Some(member) = seen.member_at(endpoint) else {
        return Finding {
            severity: Severity::Error,
            object: endpoint.to_owned(),
            seen: format!("it does not answer ({why}), and no member that is known has this address"),
            matters: "every command tries it in vain",
            advice: "start the node, or leave the address out of --endpoints".to_owned(),
            command: "silhouettectl cluster members".to_owned(),
        };
    };
    Finding {
        severity: Severity::Error,
        object: format!("member/{}", member.member_id),
        seen: format!("it does not answer at {endpoint} ({why})"),
        matters: tolerance(seen.quorum()),
        advice: "start it again; only if its disk is lost, put a new, empty node in its place".to_owned(),
        command: format!("silhouettectl cluster add HOST:PORT --replaces {}", member.member_id),
    }
}

/// What the next failure would do.
fn tolerance(quorum: Option<Quorum>) -> &'static str {
    match quorum {
        Some(quorum) if quorum.answering > quorum.needed => "the cluster tolerates fewer failures until it is back",
        Some(quorum) if quorum.holds() => "the next failure of a voter stops all writes",
        Some(_) => "its vote is missing for a majority",
        None => "it may be what the cluster waits for",
    }
}

fn does_not_vote(member: &MemberDocument) -> Finding {
    let replaces = member.replaces.map(|replaced| format!(" --replaces {replaced}")).unwrap_or_default();
    Finding {
        severity: Severity::Warning,
        object: format!("member/{}", member.member_id),
        seen: format!("it is {} and does not vote", if member.state == "joining" { "joining" } else { "a learner" }),
        matters: "it adds nothing to what the cluster tolerates until it votes",
        advice: "it is promoted once it has caught up; if the command that added it has ended, repeat it".to_owned(),
        command: format!("silhouettectl cluster add {}{replaces}", member.addresses.client),
    }
}

fn cut_off(member: &MemberDocument) -> Finding {
    Finding {
        // For a moment after an election it is so of every member; if it lasts, the member's own check fails.
        severity: Severity::Warning,
        object: format!("member/{}", member.member_id),
        seen: "it answers here, but its leader has not heard from it lately".to_owned(),
        matters: "its vote does not count while it is cut off",
        advice: format!("let members reach each other's PEER-ADDR; its own is {}", member.addresses.peer),
        command: "silhouettectl cluster members".to_owned(),
    }
}

fn lags(member: &MemberDocument, behind: u64) -> Finding {
    Finding {
        severity: Severity::Warning,
        object: format!("member/{}", member.member_id),
        seen: format!("it is {behind} log entries behind the leader"),
        matters: "it cannot lead, and if others fail meanwhile, writes wait for it",
        advice: "it catches up by itself; if the number does not fall, its disk or network is too slow".to_owned(),
        command: format!("curl -s http://{}/metrics | grep wal_fsync", member.addresses.http),
    }
}

fn fetches(member: &MemberDocument, of: &Replication) -> Finding {
    Finding {
        severity: Severity::Warning,
        object: format!("member/{}", member.member_id),
        seen: format!("it does not hold {} of the Ready rounds yet", of.rounds_missing),
        matters: "lookups in these rounds are answered by other members only",
        advice: "it fetches or encodes them by itself; if the number does not fall, see its log".to_owned(),
        command: "silhouettectl round list".to_owned(),
    }
}
