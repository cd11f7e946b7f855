//! What is wrong with a cluster as a whole.

use std::collections::BTreeSet;

use super::{Finding, Severity, seen::Seen, seen::list};

/// Why nothing else can be said: nobody answers, or there is no cluster.
pub(super) fn absent(seen: &Seen<'_>) -> Option<Finding> {
    let endpoints =
        |separator: &str| seen.nodes.iter().map(|node| node.endpoint.as_str()).collect::<Vec<_>>().join(separator);
    let mut answers = seen.answers().peekable();
    if answers.peek().is_none() {
        return Some(Finding {
            severity: Severity::Error,
            object: "cluster".to_owned(),
            seen: format!("no node answers at {}", endpoints(", ")),
            matters: "nothing can be said of the cluster from here",
            advice:
                "give the client addresses of running nodes, or start the nodes; each logs the address it listens on"
                    .to_owned(),
            command: "silhouettectl cluster status --endpoints HOST:PORT,HOST:PORT,HOST:PORT".to_owned(),
        });
    }
    (seen.configuration.is_none() && answers.all(|(_, answer)| answer.role == "uninitialised")).then(|| Finding {
        severity: Severity::Error,
        object: "cluster".to_owned(),
        seen: "every node that answers belongs to no cluster".to_owned(),
        matters: "nothing can be started before there is one",
        advice: "form a cluster of 1, 3 or 5 of these nodes, once; if there was one, its disks are not these"
            .to_owned(),
        command: format!("silhouettectl cluster create --endpoints {}", endpoints(",")),
    })
}

/// What is wrong with the cluster.
pub(super) fn findings(seen: &Seen<'_>) -> impl Iterator<Item = Finding> {
    let findings = [strangers, no_quorum, no_leader, not_formed, joint, even, at_risk, versions];
    findings.into_iter().filter_map(|finding| finding(seen))
}

/// The cluster's name among objects of all kinds.
fn name(seen: &Seen<'_>) -> String {
    seen.configuration.map_or_else(|| "cluster".to_owned(), |known| format!("cluster/{}", known.cluster_id))
}

fn strangers(seen: &Seen<'_>) -> Option<Finding> {
    let clusters: BTreeSet<_> = seen.answers().filter_map(|(_, answer)| answer.cluster_id.as_deref()).collect();
    (clusters.len() > 1).then(|| Finding {
        severity: Severity::Error,
        object: name(seen),
        seen: format!("the nodes that answer belong to {} clusters: {}", clusters.len(), list(&clusters)),
        matters: "commands may reach one or the other",
        advice: "name endpoints of one cluster only".to_owned(),
        command: "silhouettectl version --endpoints HOST:PORT".to_owned(),
    })
}

fn no_quorum(seen: &Seen<'_>) -> Option<Finding> {
    let quorum = seen.quorum().filter(|quorum| !quorum.holds())?;
    let silent = seen.members().filter(|member| member.state == "voter");
    let silent = silent.filter(|voter| seen.answer_of(voter.member_id).is_none());
    let silent = list(silent.map(|voter| format!("{} ({})", voter.member_id, voter.addresses.client)));
    Some(Finding {
        severity: Severity::Error,
        object: name(seen),
        seen: format!("{} of {} voters answer, and a majority is {}", quorum.answering, quorum.voters, quorum.needed),
        matters: "nothing can be started, published or sealed until a majority is back; Ready rounds can still be read",
        advice: format!("start these members again, with the disks they had; none can be replaced before: {silent}"),
        command: "silhouettectl cluster members".to_owned(),
    })
}

fn no_leader(seen: &Seen<'_>) -> Option<Finding> {
    let quorum = seen.quorum();
    let members = seen.answers().any(|(_, answer)| answer.cluster_id.is_some());
    if !members || seen.has_leader() || quorum.is_some_and(|quorum| !quorum.holds()) {
        return None;
    }
    Some(Finding {
        severity: Severity::Error,
        object: name(seen),
        seen: match quorum {
            Some(quorum) => format!("{} of {} voters answer, and none knows a leader", quorum.answering, quorum.voters),
            None => "no node that answers knows a leader, or who else is a member".to_owned(),
        },
        matters: "nothing can be started, published or sealed until they elect one; Ready rounds can still be read",
        advice: "an election takes seconds: look again; if it stays so, the members cannot reach each other's \
                 PEER-ADDR"
            .to_owned(),
        command: "silhouettectl cluster members".to_owned(),
    })
}

fn not_formed(seen: &Seen<'_>) -> Option<Finding> {
    let configuration = seen.configuration.filter(|configuration| !configuration.formed)?;
    let voters = seen.quorum().map_or(0, |quorum| quorum.voters);
    Some(Finding {
        severity: Severity::Error,
        object: name(seen),
        seen: format!("it has {voters} of the {} voters that it is being formed of", configuration.initial_members),
        matters: "no round can be started before all are there",
        advice: "repeat the command that forms it; it goes on where it stopped".to_owned(),
        command: format!(
            "silhouettectl cluster create --cluster-id {} --endpoints HOST:PORT,HOST:PORT,HOST:PORT",
            configuration.cluster_id
        ),
    })
}

fn joint(seen: &Seen<'_>) -> Option<Finding> {
    seen.configuration.filter(|configuration| configuration.joint)?;
    Some(Finding {
        severity: Severity::Warning,
        object: name(seen),
        seen: "a membership change is not finished".to_owned(),
        matters: "until it is, agreement needs a majority of the old voters and of the new ones, and no other change \
                  is taken",
        advice: "it takes moments: look again; if it stays so, a majority of the old or of the new voters is missing"
            .to_owned(),
        command: "silhouettectl cluster members".to_owned(),
    })
}

fn even(seen: &Seen<'_>) -> Option<Finding> {
    let quorum = seen.quorum().filter(|quorum| quorum.voters > 0 && quorum.voters.is_multiple_of(2))?;
    // While one replaces another, both vote for a moment.
    seen.configuration.filter(|configuration| !configuration.joint)?;
    Some(Finding {
        severity: Severity::Warning,
        object: name(seen),
        seen: format!("it has {} voters, an even number", quorum.voters),
        matters: "it tolerates no more failures than with one voter less, and each write waits for one more",
        advice: "add a node, or remove a member".to_owned(),
        command: "silhouettectl cluster add HOST:PORT".to_owned(),
    })
}

fn at_risk(seen: &Seen<'_>) -> Option<Finding> {
    let rounds = seen.leader()?.rounds_at_risk;
    (rounds > 0).then(|| Finding {
        severity: Severity::Warning,
        object: name(seen),
        seen: format!("{rounds} of its Ready rounds are held by less than a majority of the voters"),
        matters: "the next failure may leave nobody who answers lookups in them",
        advice: "members fetch them by themselves; replace a member that is fenced".to_owned(),
        command: "silhouettectl round list".to_owned(),
    })
}

fn versions(seen: &Seen<'_>) -> Option<Finding> {
    let versions: BTreeSet<_> = seen.answers().map(|(_, answer)| answer.version.as_str()).collect();
    (versions.len() > 1).then(|| Finding {
        severity: Severity::Warning,
        object: name(seen),
        seen: format!("its nodes run the versions {}", list(&versions)),
        matters: "new encodings are used only once every member can make them",
        advice: "finish the update, one node after another".to_owned(),
        command: "silhouettectl version".to_owned(),
    })
}
