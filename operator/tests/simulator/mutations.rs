//! Each guard, taken out of the list, must turn a schedule red: otherwise it, or the simulation, is worth nothing.
//!
//! Most rows show harm. "What was seen now is not refused" is the API server's or a node's own word: a step that was
//! planned from a look of this very second was refused, by
//! - `one-change-at-a-time`, `the-leader-stays`, `learners-have-caught-up`, `the-result-has-a-quorum`: `check_change` and
//!   `propose_change` of `server/src/consensus/raft_thread/leading.rs`, with `check_result` of `membership.rs` there;
//! - `rounds-keep-a-quorum`: `check_membership` of `server/src/state/apply/members.rs`;
//! - `the-budget-is-in-force`: the API server's Eviction, which refuses with 429 while the budget's controller has not
//!   looked at its present spec.
//!
//! The row of `the-budget-is-raised-first` states the rule alone: concerns raise the budget before they promote, and no
//! harm is known from one that is not counted with yet.

use silhouette_operator::plan::{GUARDS, Guard};

use crate::{
    each_seed,
    schedule::{Log, run, run_without},
    world::Precondition,
};

/// A guard, the first schedule that misses it, and the invariant that is broken there.
const MISSED: [(&str, u64, &str); 23] = [
    ("disks-are-of-one-cluster", 8, "two ids mean no action"),
    ("no-cluster-is-remembered", 0, "one bootstrap for each cluster id"),
    ("every-disk-is-empty", 81, "it converges"),
    ("a-leader-answers", 2, "no voter's claim is deleted"),
    ("one-change-at-a-time", 4, "what was seen now is not refused"),
    ("the-leader-stays", 5, "what was seen now is not refused"),
    ("the-replaced-is-silent", 0, "only silent voters are replaced"),
    ("learners-have-caught-up", 0, "what was seen now is not refused"),
    ("learners-keep-their-disks", 520, "nobody votes on a disk that goes"),
    ("the-result-has-a-quorum", 104, "what was seen now is not refused"),
    ("rounds-keep-a-quorum", 4, "what was seen now is not refused"),
    ("the-budget-is-raised-first", 17, "voters are counted before they vote"),
    ("the-budget-is-lowered-last", 593, "removals leave a quorum ready"),
    ("the-budget-is-in-force", 14, "what was seen now is not refused"),
    ("the-place-is-held", 375, "the set covers every voter"),
    ("the-set-covers-members", 3, "the set covers every voter"),
    ("new-places-are-empty", 7, "new places are empty"),
    ("the-claim-is-nobodys", 11, "no voter's claim is deleted"),
    ("the-other-voters-are-ready", 56, "removals leave a quorum ready"),
    ("the-leader-goes-last", 177, "nobody waits for an election"),
    ("a-deleted-pod-counts-for-nothing", 77, "deleted pods count for nothing"),
    ("the-last-disk-keeps-its-pod", 12, "the last disk stays"),
    ("one-cluster-rolls-at-a-time", 0, "one cluster rolls at a time"),
];

/// What is compared where a step is carried out, and the first schedule in which a step changes what it did not name if
/// it is not.
const COMPARED: [(Precondition, u64); 7] = [
    (Precondition::SetVersion, 0),
    (Precondition::BudgetVersion, 0),
    (Precondition::ClaimVersion, 0),
    (Precondition::PodUid, 0),
    (Precondition::PodVersion, 19),
    (Precondition::Instance, 50),
    (Precondition::Index, 0),
];

/// Schedules that are searched for one that misses a guard, when the table does not hold any more.
const SEARCHED: u64 = 3_000;

#[test]
fn each_guard_that_is_taken_away_is_missed() {
    let stale: Vec<&Guard> = GUARDS.iter().filter(|guard| !is_missed_as_told(guard)).collect();
    let found = each_seed(stale.len() as u64, |index| first_that_misses(stale[index as usize]));
    let rows: Vec<String> = stale.iter().zip(found.values()).map(|(guard, found)| row(guard, found.as_ref())).collect();
    assert!(rows.is_empty(), "the table does not hold any more; what does:\n{}", rows.join("\n"));
    assert_eq!(MISSED.len(), GUARDS.len(), "the table tells of guards that are no more");
}

#[test]
fn each_comparison_that_is_left_out_is_missed() {
    let violated = |precondition, seed| {
        let violation = run_without(GUARDS, Some(precondition), seed, Log::Quiet).err()?;
        (violation.invariant == "nothing is changed under a stale name").then_some(())
    };
    let stale: Vec<Precondition> = COMPARED
        .iter()
        .filter(|(left_out, seed)| violated(*left_out, *seed).is_none())
        .map(|(left_out, _)| *left_out)
        .collect();
    let rows: Vec<String> = stale
        .iter()
        .map(|left_out| match (0..SEARCHED).find(|seed| violated(*left_out, *seed).is_some()) {
            Some(seed) => format!("    (Precondition::{left_out:?}, {seed}),"),
            None => format!("    // no schedule below {SEARCHED} misses {left_out:?}"),
        })
        .collect();
    assert!(rows.is_empty(), "the table does not hold any more; what does:\n{}", rows.join("\n"));
}

/// Whether the table's schedule of a guard is red without it, as told, and green with it.
fn is_missed_as_told(guard: &Guard) -> bool {
    let told = MISSED.iter().find(|(name, ..)| *name == guard.name);
    told.is_some_and(|(_, seed, invariant)| violated_without(guard, *seed) == Some(*invariant))
}

fn first_that_misses(guard: &Guard) -> Option<(u64, &'static str)> {
    (0..SEARCHED).find_map(|seed| Some((seed, violated_without(guard, seed)?)))
}

/// The invariant that a schedule breaks without a guard and keeps with all.
fn violated_without(guard: &Guard, seed: u64) -> Option<&'static str> {
    let rest: Vec<Guard> = GUARDS.iter().filter(|other| other.name != guard.name).copied().collect();
    let violation = run(&rest, seed, Log::Quiet).err()?;
    run(GUARDS, seed, Log::Quiet).is_ok().then_some(violation.invariant)
}

fn row(guard: &Guard, found: Option<&(u64, &'static str)>) -> String {
    found.map_or_else(
        || format!("    // no schedule below {SEARCHED} misses {:?}", guard.name),
        |(seed, invariant)| format!("    ({:?}, {seed}, {invariant:?}),", guard.name),
    )
}
