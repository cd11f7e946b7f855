//! Conditions, one observation at a time.

use super::{ConditionKind, Conditions, Truth};
use crate::{
    fixture::Demo,
    ids::{InstanceId, MemberId},
    observed::Answer,
};

fn judge(demo: &Demo) -> Conditions {
    let conditions = Conditions::judge(&demo.desired, &demo.observed, &demo.plan());
    assert!(
        !(conditions.holds(ConditionKind::Reconciling) && conditions.holds(ConditionKind::Stalled)),
        "{conditions:?}"
    );
    for (index, condition) in conditions.0.iter().enumerate() {
        assert_eq!(condition.kind as usize, index);
        assert!(!condition.reason.is_empty() && !condition.message.is_empty(), "{condition:?}");
    }
    conditions
}

/// As `kubectl describe` shows one of them.
fn shown(demo: &Demo, kind: ConditionKind) -> String {
    let conditions = judge(demo);
    let condition = conditions.get(kind);
    format!("{}={} {}: {}", kind.as_str(), condition.truth.as_str(), condition.reason, condition.message)
}

#[test]
fn a_cluster_that_is_as_asked_for_is_ready_and_nothing_else() {
    let demo = Demo::settled(3);
    assert_eq!(
        shown(&demo, ConditionKind::Ready),
        "Ready=True AsAskedFor: 3 voters are Ready, and nothing is left to do"
    );
    assert_eq!(shown(&demo, ConditionKind::Reconciling), "Reconciling=False NothingToDo: nothing is left to do");
    assert_eq!(shown(&demo, ConditionKind::Stalled), "Stalled=False NotStalled: nothing waits for people");
    assert_eq!(shown(&demo, ConditionKind::Quorate), "Quorate=True LeaderSeen: 3 of 3 voters see a leader");
    assert!(judge(&demo).holds(ConditionKind::DataReady));
    assert_eq!(judge(&demo).get(ConditionKind::Degraded).truth, Truth::False);
}

#[test]
fn what_is_to_be_done_is_told_with_its_reason() {
    let mut demo = Demo::settled(3);
    demo.outdate([2]);
    assert_eq!(
        shown(&demo, ConditionKind::Reconciling),
        "Reconciling=True Progressing: evict demo-2: its pod is of an older template"
    );
    assert_eq!(
        shown(&demo, ConditionKind::Ready),
        "Ready=False Progressing: evict demo-2: its pod is of an older template"
    );
    assert!(judge(&demo).holds(ConditionKind::Quorate), "a cluster that rolls can be used");
}

#[test]
fn what_is_waited_for_is_told_with_its_remedy() {
    let mut demo = Demo::settled(3);
    demo.outdate([1, 2]);
    demo.lose_node(0);
    demo.cluster().leader = Some(MemberId(3));
    let expected = "Reconciling=True VotersNotReady: evict demo-1: blocked, 2 of 3 voters ready, 3 needed; demo-0 has no \
                    reachable node: node-0 is lost; taint it node.kubernetes.io/out-of-service if it is off for good";
    assert_eq!(shown(&demo, ConditionKind::Reconciling), expected);
}

#[test]
fn a_voter_that_is_not_ready_is_waited_for_although_nothing_is_to_be_done() {
    let mut demo = Demo::settled(3);
    demo.pod(1).ready = false;
    assert_eq!(shown(&demo, ConditionKind::Ready), "Ready=False VotersNotReady: demo-1 is not Ready");
    assert_eq!(
        shown(&demo, ConditionKind::Degraded),
        "Degraded=True VotersNotReady: 2 of 3 voters ready; demo-1 is not Ready"
    );
}

#[test]
fn a_cluster_that_was_not_founded_yet_is_reconciling() {
    let demo = Demo::empty(3);
    assert_eq!(
        shown(&demo, ConditionKind::Reconciling),
        "Reconciling=True Progressing: apply statefulset: it is missing"
    );
    assert_eq!(shown(&demo, ConditionKind::Quorate), "Quorate=False NotFounded: no cluster was founded yet");
    assert_eq!(shown(&demo, ConditionKind::DataReady), "DataReady=False NotFounded: no cluster was founded yet");
}

#[test]
fn two_clusters_stall() {
    let mut demo = Demo::settled(3);
    demo.slot(1).answer = Answer::Member {
        cluster: "c2".into(),
        member: MemberId(1),
        instance: InstanceId::from("foreign"),
        sees_leader: true,
    };
    assert_eq!(
        shown(&demo, ConditionKind::Stalled),
        "Stalled=True ClusterIdConflict: disks, claims and status name 2 clusters (c1, c2); nothing is done until one is \
         left: move the other's claims away"
    );
    assert_eq!(judge(&demo).get(ConditionKind::Quorate).truth, Truth::Unknown);
}

#[test]
fn lost_data_stall_and_the_remedy_is_named() {
    let mut demo = Demo::unfounded(3);
    demo.observed.recorded = Some(Demo::id());
    demo.set_budget(3);
    assert_eq!(
        shown(&demo, ConditionKind::Stalled),
        "Stalled=True DataLost: cluster c1 is remembered and every disk is empty; to start again without its data, annotate \
         the resource with silhouette.dev/start-again-without=c1"
    );
}

#[test]
fn a_lost_quorum_of_disks_stalls() {
    let mut demo = Demo::settled(3);
    demo.wipe(1);
    demo.wipe(2);
    demo.lose_leader();
    assert_eq!(
        shown(&demo, ConditionKind::Stalled),
        "Stalled=True QuorumLost: 2 of 3 voters have lost their disks (demo-1, demo-2), and a majority is needed; bring back \
         the volumes that they had"
    );
}

#[test]
fn silence_alone_is_no_lost_quorum() {
    let mut demo = Demo::settled(3);
    demo.lose_node(1);
    demo.lose_node(2);
    demo.lose_leader();
    assert_eq!(
        shown(&demo, ConditionKind::Reconciling),
        "Reconciling=True NoLeader: no leader answers; demo-1, demo-2 did not answer"
    );
    assert_eq!(
        shown(&demo, ConditionKind::Quorate),
        "Quorate=False NoQuorum: 0 of 3 voters see a leader; demo-1, demo-2 did not answer"
    );
    assert_eq!(
        shown(&demo, ConditionKind::DataReady),
        "DataReady=Unknown NoLeader: only a leader knows who holds which round"
    );
}

#[test]
fn the_only_disk_with_the_data_stalls_when_its_claim_is_being_deleted() {
    let mut demo = Demo::settled(1);
    demo.claim(0).terminating = true;
    assert!(shown(&demo, ConditionKind::Stalled).starts_with("Stalled=True LastDisk: its claim is being deleted"));
}

#[test]
fn rounds_that_too_few_hold_are_told() {
    let mut demo = Demo::settled(3);
    demo.cluster().rounds_at_risk = 2;
    assert_eq!(
        shown(&demo, ConditionKind::DataReady),
        "DataReady=False RoundsAtRisk: rounds are held by too few voters, which fetch them by themselves"
    );
}

#[test]
fn voters_on_one_node_are_degraded() {
    let mut demo = Demo::settled(3);
    demo.pod(2).node = demo.pod(0).node.clone();
    assert_eq!(
        shown(&demo, ConditionKind::Degraded),
        "Degraded=True CoLocated: demo-0 and demo-2 are on node node-0, and would be lost with it together"
    );
    assert!(judge(&demo).holds(ConditionKind::Ready));
}

#[test]
fn a_change_of_members_that_is_not_finished_is_waited_for() {
    let mut demo = Demo::settled(3);
    demo.cluster().joint = true;
    assert_eq!(shown(&demo, ConditionKind::Ready), "Ready=False ChangeInFlight: a change of members is not finished");
}

#[test]
fn a_statefulset_that_its_controller_has_not_looked_at_is_waited_for() {
    let mut demo = Demo::settled(3);
    demo.observed.set.as_mut().expect("it is there").is_observed = false;
    assert_eq!(
        shown(&demo, ConditionKind::Reconciling),
        "Reconciling=True StatefulSetNotObserved: the StatefulSet's controller has not looked at it yet"
    );
}

#[test]
fn a_cluster_of_which_only_given_numbers_are_left_has_lost_its_quorum() {
    let mut demo = Demo::settled(3);
    demo.wipe(0);
    demo.wipe(2);
    demo.observed.cluster = None;
    assert_eq!(
        shown(&demo, ConditionKind::Stalled),
        "Stalled=True QuorumLost: every node answers, and none has the cluster's data; bring back the volumes that had them"
    );
}

#[test]
fn a_step_that_will_never_work_stalls_whatever_else_is_judged() {
    let mut demo = Demo::settled(3);
    demo.outdate([2]);
    let before = judge(&demo);
    let stalled = before.clone().stalled_by("InvalidPodTemplate", "statefulset demo: no".to_owned());
    let holds: Vec<_> = ConditionKind::ALL.into_iter().filter(|kind| stalled.holds(*kind)).collect();
    assert_eq!(holds, [ConditionKind::Stalled, ConditionKind::Quorate, ConditionKind::DataReady]);
    let told = (stalled.get(ConditionKind::Stalled).reason, stalled.get(ConditionKind::Ready).message.as_str());
    assert_eq!(told, ("InvalidPodTemplate", "statefulset demo: no"));
    assert_eq!(stalled.get(ConditionKind::Degraded), before.get(ConditionKind::Degraded));
}
