//! Pods of an older template, one after another.

use crate::{fixture::Demo, ids::MemberId};

fn outdated() -> Demo {
    let mut demo = Demo::settled(3);
    demo.outdate(0..3);
    demo
}

#[test]
fn followers_go_by_descending_place_and_the_leader_last() {
    let mut demo = outdated();
    demo.cluster().leader = Some(MemberId(2));
    let order: Vec<String> = demo.plan().steps.iter().map(crate::plan::Step::short).collect();
    assert_eq!(order, ["evict/demo-2", "evict/demo-0", "evict/demo-1"]);
    assert_eq!(demo.next(), "evict demo-2: its pod is of an older template");
}

#[test]
fn a_pod_that_is_not_ready_goes_first() {
    let mut demo = outdated();
    demo.pod(1).ready = false;
    assert_eq!(demo.next(), "evict demo-1: its pod is of an older template");
}

#[test]
fn the_next_waits_until_the_last_is_a_ready_voter() {
    let mut demo = outdated();
    demo.outdate([0, 1]);
    demo.pod(2).revision = crate::fixture::PRESENT.into();
    demo.pod(2).ready = false;
    assert_eq!(demo.next(), "nothing");
    assert_eq!(demo.line("evict/demo-1"), "evict demo-1: blocked, 2 of 3 voters ready, 3 needed; demo-2 is not Ready");
}

#[test]
fn a_lost_node_blocks_and_its_remedy_is_named() {
    let mut demo = outdated();
    demo.outdate([1, 2]);
    demo.lose_node(0);
    demo.cluster().leader = Some(MemberId(3));
    assert_eq!(
        demo.line("evict/demo-1"),
        "evict demo-1: blocked, 2 of 3 voters ready, 3 needed; demo-0 has no reachable node: node-0 is lost; taint it \
         node.kubernetes.io/out-of-service if it is off for good"
    );
}

#[test]
fn the_leader_hands_over_to_a_voter_of_the_newer_template_before_its_pod_goes() {
    let mut demo = Demo::settled(3);
    demo.outdate([0]);
    assert_eq!(demo.next(), "transfer-leadership demo-1: demo-0 leads, and its pod is the last of an older template");
    assert_eq!(
        demo.line("evict/demo-0"),
        "evict demo-0: blocked, member 1 leads; it hands over before its pod is evicted"
    );
}

#[test]
fn nobody_hands_over_for_a_pod_that_could_not_leave_then() {
    let mut demo = Demo::settled(3);
    demo.outdate([0]);
    demo.pod(2).ready = false;
    assert_eq!(demo.next(), "nothing");
}

#[test]
fn one_voter_alone_is_evicted_although_it_leads() {
    let mut demo = Demo::settled(1);
    demo.outdate([0]);
    assert_eq!(demo.next(), "evict demo-0: its pod is of an older template");
}

#[test]
fn no_pod_goes_while_the_budget_is_not_in_force() {
    let mut demo = outdated();
    demo.observed.budget.as_mut().expect("it is there").is_observed = false;
    assert_eq!(
        demo.line("evict/demo-2"),
        "evict demo-2: blocked, the budget for 3 voters, 2 Ready pods, is not in force yet"
    );
}

#[test]
fn no_pod_goes_while_members_change() {
    let mut demo = outdated();
    demo.cluster().joint = true;
    assert!(demo.line("evict/demo-2").contains("a change of members is not finished"));
}

#[test]
fn no_pod_of_a_cluster_goes_without_its_leader() {
    let mut demo = outdated();
    demo.lose_leader();
    demo.silence(3);
    assert_eq!(
        demo.line("evict/demo-1"),
        "evict demo-1: blocked, no leader answers; members are changed through the leader alone; demo-2 did not answer"
    );
}

#[test]
fn clusters_roll_one_after_another_when_the_operator_was_updated() {
    let mut demo = outdated();
    demo.observed.rolling_elsewhere = Some("other/cluster".to_owned());
    assert_eq!(
        demo.line("evict/demo-2"),
        "evict demo-2: blocked, cluster other/cluster is being updated; this one follows"
    );
}
