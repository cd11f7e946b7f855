//! Each finding, from what makes it.

use super::*;
use crate::cluster::{
    status::{
        Check,
        node::{Answer, Degradation, Replication},
    },
    view::{AddressesDocument, MemberDocument},
};

/// A voter that is well; member 1 leads the others.
fn node(member: u64) -> Node {
    let others = (1..=3).filter(|other| *other != member);
    let replication = |member_id| Replication {
        member_id,
        matched_index: 5_000,
        active: true,
        rounds_missing: 0,
        silent_ms: 0,
        caught_up: true,
    };
    let answer = Answer {
        instance_id: format!("{member:032x}"),
        cluster_id: Some("c1".to_owned()),
        member_id: Some(member),
        name: format!("node-{member}"),
        version: "0.1.0".to_owned(),
        addresses: addresses(member),
        role: if member == 1 { "leader" } else { "voter" }.to_owned(),
        term: 3,
        leader_id: Some(1),
        last_index: 5_000,
        commit_index: 5_000,
        applied_index: 5_000,
        disk_bytes: 1 << 20,
        disk_free_bytes: Some(50 << 30),
        disk_total_bytes: Some(100 << 30),
        rounds_held: 2,
        rounds_known: 3,
        rounds_at_risk: 0,
        draining: false,
        checks: Vec::new(),
        fence: None,
        degradations: Vec::new(),
        replication: if member == 1 { others.map(replication).collect() } else { Vec::new() },
    };
    Node { endpoint: addresses(member).client, error: None, ready: true, answer: Some(answer) }
}

fn addresses(member: u64) -> AddressesDocument {
    let address = |kind: u64| format!("127.0.0.1:76{kind}{member}");
    AddressesDocument { client: address(1), peer: address(2), http: address(3) }
}

/// A node that does not answer.
fn silent(member: u64) -> Node {
    Node { error: Some("UNREACHABLE".to_owned()), endpoint: addresses(member).client, ..Node::default() }
}

/// A node with a change to what it says.
fn with(member: u64, change: impl FnOnce(&mut Answer)) -> Node {
    let mut node = node(member);
    change(node.answer.as_mut().expect("it answers"));
    node
}

fn failing(member: u64, check: &str) -> Node {
    let check = Check { name: check.to_owned(), ok: false, message: "a sentence".to_owned() };
    Node { ready: false, ..with(member, |answer| answer.checks.push(check)) }
}

/// Three voters.
fn configuration() -> ConfigurationDocument {
    let member = |member_id| MemberDocument {
        member_id,
        instance_id: format!("{member_id:032x}"),
        name: format!("node-{member_id}"),
        state: "voter".to_owned(),
        addresses: addresses(member_id),
        replaces: None,
        encoding_version: 1,
        memory_budget_bytes: 1 << 30,
    };
    ConfigurationDocument {
        cluster_id: "c1".to_owned(),
        conf_index: 9,
        leader_id: Some(1),
        term: 3,
        joint: false,
        initial_members: 3,
        formed: true,
        members: (1..=3).map(member).collect(),
    }
}

fn of(nodes: &[Node]) -> Vec<Finding> {
    findings(nodes, Some(&configuration()))
}

/// The only finding there is.
fn only(findings: Vec<Finding>) -> Finding {
    let [finding] = <[Finding; 1]>::try_from(findings).expect("one finding");
    finding
}

#[test]
fn nothing_is_wrong_with_a_cluster_that_is_well() {
    assert_eq!(of(&[node(1), node(2), node(3)]), []);
}

#[test]
fn a_member_that_does_not_answer_is_named_with_what_the_next_failure_does() {
    let finding = only(of(&[node(1), node(2), silent(3)]));
    assert_eq!((finding.severity, finding.object.as_str()), (Severity::Error, "member/3"));
    assert_eq!(finding.seen, "it does not answer at 127.0.0.1:7613 (UNREACHABLE)");
    assert_eq!(finding.matters, "the next failure of a voter stops all writes");
    assert_eq!(finding.command, "silhouettectl cluster add HOST:PORT --replaces 3");
    let starting = Node { error: Some("STARTING".to_owned()), ..silent(3) };
    assert!(only(of(&[node(1), node(2), starting])).seen.contains("opening its storage"));
    let nobody = Node { endpoint: "127.0.0.1:9".to_owned(), ..silent(3) };
    let finding = only(of(&[node(1), node(2), node(3), nobody]));
    assert_eq!(finding.object, "127.0.0.1:9");
    assert!(finding.seen.contains("no member"), "{finding:?}");
}

#[test]
fn without_a_majority_its_absence_is_told_first_and_no_leader_is_missed() {
    let alone = with(2, |answer| answer.leader_id = None);
    let mut alone = Node { ready: false, ..alone };
    let leaderless = Check { name: "leader".to_owned(), ok: false, message: String::new() };
    alone.answer.as_mut().expect("it answers").checks.push(leaderless);
    let findings = of(&[silent(1), alone, silent(3)]);
    let objects: Vec<_> = findings.iter().map(|finding| finding.object.as_str()).collect();
    assert_eq!(objects, ["cluster/c1", "member/1", "member/3"]);
    assert_eq!(findings[0].seen, "1 of 3 voters answer, and a majority is 2");
    assert!(findings[0].advice.ends_with("1 (127.0.0.1:7611), 3 (127.0.0.1:7613)"), "{}", findings[0].advice);
    assert_eq!(findings[1].matters, "its vote is missing for a majority");
}

#[test]
fn a_majority_without_a_leader_is_told_once() {
    let leaderless = |member| {
        let mut node = failing(member, "leader");
        let answer = node.answer.as_mut().expect("it answers");
        answer.leader_id = None;
        "voter".clone_into(&mut answer.role);
        answer.replication.clear();
        node
    };
    let finding = only(of(&[leaderless(1), leaderless(2), leaderless(3)]));
    assert_eq!(finding.seen, "3 of 3 voters answer, and none knows a leader");
}

#[test]
fn nobody_and_no_cluster_are_told_alone() {
    let finding = only(findings(&[silent(1), silent(2)], None));
    assert_eq!(finding.seen, "no node answers at 127.0.0.1:7611, 127.0.0.1:7612");
    let blank = |member| {
        let mut node = failing(member, "voter");
        let answer = node.answer.as_mut().expect("it answers");
        "uninitialised".clone_into(&mut answer.role);
        (answer.cluster_id, answer.member_id, answer.leader_id) = (None, None, None);
        node
    };
    let finding = only(findings(&[blank(1), blank(2), blank(3)], None));
    let endpoints = "127.0.0.1:7611,127.0.0.1:7612,127.0.0.1:7613";
    assert_eq!(finding.command, format!("silhouettectl cluster create --endpoints {endpoints}"));
    // Member 3 has lost its disk; node 4 is new.
    let lost = findings(&[node(1), node(2), blank(3)], Some(&configuration()));
    assert_eq!(only(lost).command, "silhouettectl cluster add 127.0.0.1:7613 --replaces 3");
    let new = findings(&[node(1), node(2), node(3), blank(4)], Some(&configuration()));
    assert_eq!(only(new).command, "silhouettectl cluster add 127.0.0.1:7614");
}

#[test]
fn nodes_of_two_clusters_and_removed_ones_are_told() {
    let stranger = with(3, |answer| answer.cluster_id = Some("c2".to_owned()));
    assert!(only(of(&[node(1), node(2), stranger])).seen.contains("2 clusters: c1, c2"));
    let removed = with(3, |answer| "removed".clone_into(&mut answer.role));
    assert_eq!(only(of(&[node(1), node(2), removed])).seen, "it was removed from its cluster");
}

#[test]
fn each_failing_check_says_why_it_matters_and_what_to_type() {
    let known = ["leader", "caught-up", "apply-lag", "rounds-held", "disk", "not-fenced", "not-draining", "of-later"];
    for check in known {
        let finding = only(of(&[node(1), failing(2, check), node(3)]));
        assert_eq!((finding.severity, finding.object.as_str()), (Severity::Error, "member/2"), "{check}");
        assert_eq!(finding.seen, format!("{check}: a sentence"));
        assert!(!finding.command.is_empty() && !finding.matters.is_empty(), "{check}");
    }
    let fenced = only(of(&[node(1), failing(2, "not-fenced"), node(3)]));
    assert_eq!(fenced.command, "silhouettectl cluster add HOST:PORT --replaces 2");
}

#[test]
fn what_the_leader_sees_of_a_member_is_told() {
    let leading = |change: fn(&mut Replication)| with(1, |answer| change(&mut answer.replication[0]));
    let lagging = only(of(&[leading(|of| of.matched_index = 3_999), node(2), node(3)]));
    assert_eq!(lagging.seen, "it is 1001 log entries behind the leader");
    assert_eq!((lagging.severity, lagging.object.as_str()), (Severity::Warning, "member/2"));
    assert_eq!(of(&[leading(|of| of.matched_index = 4_000), node(2), node(3)]), [], "it is not far behind");
    let fetching = only(of(&[leading(|of| of.rounds_missing = 2), node(2), node(3)]));
    assert_eq!(fetching.seen, "it does not hold 2 of the Ready rounds yet");
    let fenced = only(of(&[leading(|of| of.rounds_missing = 2), failing(2, "not-fenced"), node(3)]));
    assert!(fenced.seen.starts_with("not-fenced: "), "{fenced:?}");
    let cut_off = only(of(&[leading(|of| of.active = false), node(2), node(3)]));
    assert!(!cut_off.is_error() && cut_off.seen.contains("not heard from it"), "{cut_off:?}");
    let says_so_itself = only(of(&[leading(|of| of.active = false), failing(2, "leader"), node(3)]));
    assert!(says_so_itself.seen.starts_with("leader: "), "{says_so_itself:?}");
}

#[test]
fn a_member_that_does_not_vote_is_told_with_the_command_that_finishes_it() {
    let mut grown = configuration();
    grown.members[2].state = "learner".to_owned();
    grown.members[2].replaces = Some(7);
    let learner = Node { ready: false, ..with(3, |answer| "learner".clone_into(&mut answer.role)) };
    let found = findings(&[node(1), node(2), learner], Some(&grown));
    let finding = found.iter().find(|finding| finding.object == "member/3").expect("it is told");
    assert_eq!(finding.command, "silhouettectl cluster add 127.0.0.1:7613 --replaces 7");
    assert!(found.iter().any(|finding| finding.seen == "it has 2 voters, an even number"), "{found:?}");
}

#[test]
fn the_configuration_is_looked_at() {
    let nodes = [node(1), node(2), node(3)];
    let joint = ConfigurationDocument { joint: true, ..configuration() };
    assert_eq!(only(findings(&nodes, Some(&joint))).seen, "a membership change is not finished");
    let forming = ConfigurationDocument { formed: false, initial_members: 5, ..configuration() };
    let forming = only(findings(&nodes, Some(&forming)));
    assert!(forming.is_error());
    assert_eq!(forming.seen, "it has 3 of the 5 voters that it is being formed of");
}

#[test]
fn disks_and_versions_are_looked_at() {
    let full = |free: u64| with(3, move |answer| answer.disk_free_bytes = Some(free));
    let nearly = only(of(&[node(1), node(2), full((4 << 30) - 1)]));
    assert_eq!(nearly.severity, Severity::Warning);
    assert!(nearly.seen.ends_with("4.00 GiB of 100.00 GiB left"), "{}", nearly.seen);
    assert_eq!(of(&[node(1), node(2), full(4 << 30)]), [], "a small share of a large disk is enough");
    let small = with(3, |answer| (answer.disk_free_bytes, answer.disk_total_bytes) = (Some(1 << 29), Some(2 << 30)));
    assert_eq!(of(&[node(1), node(2), small]), [], "a quarter of a small disk is enough");
    let newer = with(2, |answer| "0.2.0".clone_into(&mut answer.version));
    assert_eq!(only(of(&[node(1), newer, node(3)])).seen, "its nodes run the versions 0.1.0, 0.2.0");
}

#[test]
fn a_round_that_is_damaged_at_a_member_is_told() {
    let degradation = Degradation {
        round_id: "levels-1".to_owned(),
        round_uid: "00".to_owned(),
        message: "its encoding is damaged; it is fetched again".to_owned(),
    };
    let finding = only(of(&[node(1), with(2, |answer| answer.degradations.push(degradation)), node(3)]));
    assert_eq!((finding.severity, finding.object.as_str()), (Severity::Warning, "member/2"));
    assert_eq!(finding.seen, "round levels-1 is damaged: its encoding is damaged; it is fetched again");
}

#[test]
fn rounds_that_too_few_hold_are_told_by_the_leader() {
    let finding = only(of(&[with(1, |answer| answer.rounds_at_risk = 2), node(2), node(3)]));
    assert_eq!((finding.severity, finding.object.as_str()), (Severity::Warning, "cluster/c1"));
    assert_eq!(finding.seen, "2 of its Ready rounds are held by less than a majority of the voters");
    assert_eq!(of(&[node(1), with(2, |answer| answer.rounds_at_risk = 2), node(3)]), [], "others may lag");
}

#[test]
fn whatever_keeps_a_node_from_being_ready_is_told() {
    for role in ["leader", "voter", "learner", "joining", "removed", "uninitialised"] {
        for check in ["voter", "leader", "caught-up", "apply-lag", "rounds-held", "disk", "not-fenced", "of-later"] {
            for (leader, known) in [(Some(1), true), (Some(1), false), (None, true), (None, false)] {
                let mut node = failing(2, check);
                let answer = node.answer.as_mut().expect("it answers");
                role.clone_into(&mut answer.role);
                answer.leader_id = leader;
                let configuration = configuration();
                let found = findings(&[node], known.then_some(&configuration));
                assert!(!found.is_empty(), "{role}, {check}, leader {leader:?}, configuration {known}");
            }
        }
    }
}

#[test]
fn errors_come_before_warnings_and_sentences_cannot_command_the_terminal() {
    let newer = with(2, |answer| "0.2.0".clone_into(&mut answer.version));
    let found = of(&[node(1), newer, silent(3)]);
    assert_eq!(found.iter().map(|finding| finding.severity).collect::<Vec<_>>(), [Severity::Error, Severity::Warning]);
    let check = Check { name: "disk".to_owned(), ok: false, message: "no\u{1b}[2Jspace".to_owned() };
    let loud = with(2, |answer| answer.checks.push(check));
    let paragraph = only(of(&[node(1), loud, node(3)])).paragraph();
    assert!(paragraph.contains("member/2: disk: no\\u{1b}[2Jspace\n"), "{paragraph}");
    assert!(paragraph.ends_with("\n  $ df -h\n"), "{paragraph}");
}
