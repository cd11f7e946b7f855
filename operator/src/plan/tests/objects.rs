//! The objects around the pods.

use crate::{fixture::Demo, observed::Child, plan::Action};

#[test]
fn what_is_missing_or_differs_is_applied_one_after_another() {
    let mut demo = Demo::settled(3);
    demo.observed.outdated = vec![Child::ConfigMap, Child::Service];
    assert_eq!(
        demo.lines(),
        [
            "apply configmap: it is missing or differs from what the spec asks for",
            "apply service: it is missing or differs from what the spec asks for"
        ]
    );
}

#[test]
fn a_new_template_is_applied_with_the_size_that_is_there() {
    let mut demo = Demo::settled(3);
    demo.desired.replicas = 5;
    demo.observed.set.as_mut().expect("it is there").is_outdated = true;
    let sizes: Vec<u32> = demo
        .plan()
        .steps
        .iter()
        .filter_map(|step| match step.action {
            Action::ApplySet { replicas, .. } => Some(replicas),
            _ => None,
        })
        .collect();
    assert_eq!(sizes, [5, 3], "another size is a step of its own");
}

#[test]
fn a_budget_that_is_missing_is_made_before_anything_else() {
    let mut demo = Demo::settled(3);
    demo.outdate(0..3);
    demo.observed.budget = None;
    assert_eq!(demo.next(), "apply poddisruptionbudget: 3 vote, 0 more pods are Ready");
}

#[test]
fn a_budget_made_anew_asks_for_the_pods_of_removed_members_too_as_long_as_they_are_ready() {
    let mut demo = Demo::settled(5);
    demo.desired.replicas = 3;
    demo.cluster().members.truncate(3);
    demo.observed.budget = None;
    let plan = demo.plan();
    let Some(Action::SetBudget { min_available, .. }) = plan.next().map(|step| &step.action) else {
        panic!("a budget")
    };
    assert_eq!(*min_available, Some(4));
}

#[test]
fn one_voter_needs_no_budget() {
    let mut demo = Demo::settled(1);
    demo.observed.budget = None;
    assert_eq!(demo.lines(), [""; 0]);
}

#[test]
fn a_statefulset_made_anew_has_its_budget_before_its_pods() {
    let mut demo = Demo::settled(3);
    demo.observed.set = None;
    demo.observed.budget.as_mut().expect("it is there").is_observed = false;
    assert_eq!(
        demo.line("apply/statefulset"),
        "apply statefulset: blocked, the budget for 3 voters, 2 Ready pods, is not in force yet"
    );
}

#[test]
fn steps_name_what_they_saw() {
    let mut demo = Demo::settled(3);
    demo.outdate([2]);
    let plan = demo.plan();
    let Some(Action::Evict { pod, .. }) = plan.next().map(|step| &step.action) else { panic!("a pod is evicted") };
    assert_eq!(pod.0, "pod-2");
}
