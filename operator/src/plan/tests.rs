//! The planner's decisions, one observation at a time. What they come to together is the simulator's matter.

mod found;
mod grow;
mod identity;
mod objects;
mod replace;
mod roll;
mod shrink;
mod unstick;

use crate::fixture::Demo;

#[test]
fn nothing_is_planned_where_all_is_as_asked_for() {
    for replicas in [1, 3, 5] {
        assert_eq!(Demo::settled(replicas).lines(), [""; 0]);
    }
}

#[test]
fn the_same_input_gives_the_same_plan() {
    let mut demo = Demo::settled(3);
    demo.outdate(0..3);
    demo.wipe(1);
    assert_eq!(demo.plan(), demo.plan());
}

#[test]
fn a_status_shows_at_most_eight_steps_and_always_the_one_that_is_carried_out() {
    let mut demo = Demo::settled(5);
    demo.outdate(0..5);
    demo.observed.outdated = vec![crate::observed::Child::ConfigMap; 9];
    for place in 0..5 {
        demo.claim(place).member = None;
    }
    demo.cluster().joint = true;
    let plan = demo.plan();
    assert_eq!(plan.steps.len(), 8);
    assert!(plan.next().is_some());
}
