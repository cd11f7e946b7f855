//! Each guard, taken out of the list, must turn a schedule red: otherwise it, or the simulation, is worth nothing.
//!
//! "What was seen now is not refused": a step that was planned from a look of this very second was carried out where
//! the world refuses it, or where only whoever sees all of it could have known better (`carry.rs` names each case).

use silhouette_operator::plan::{GUARDS, Guard};

use crate::{
    each_seed,
    schedule::{Log, run},
};

/// A guard, the first schedule that misses it, and the invariant that is broken there.
const MISSED: [(&str, u64, &str); 23] = [
    ("disks-are-of-one-cluster", 2, "two ids mean no action"),
    ("no-cluster-is-remembered", 71, "one bootstrap for each cluster id"),
    ("every-disk-is-empty", 7, "what was seen now is not refused"),
    ("a-leader-answers", 2, "no voter's claim is deleted"),
    ("one-change-at-a-time", 4, "what was seen now is not refused"),
    ("the-leader-stays", 21, "what was seen now is not refused"),
    ("the-replaced-is-silent", 1, "only silent voters are replaced"),
    ("learners-have-caught-up", 0, "what was seen now is not refused"),
    ("learners-keep-their-disks", 397, "what was seen now is not refused"),
    ("the-result-has-a-quorum", 223, "what was seen now is not refused"),
    ("rounds-keep-a-quorum", 4, "what was seen now is not refused"),
    ("the-budget-is-raised-first", 19, "what was seen now is not refused"),
    ("the-budget-is-lowered-last", 3, "what was seen now is not refused"),
    ("the-budget-is-in-force", 12, "what was seen now is not refused"),
    ("the-place-is-held", 81, "what was seen now is not refused"),
    ("the-set-covers-members", 11, "the set covers every voter"),
    ("new-places-are-empty", 97, "new places are empty"),
    ("the-claim-is-nobodys", 9, "no voter's claim is deleted"),
    ("the-other-voters-are-ready", 0, "what was seen now is not refused"),
    ("the-leader-goes-last", 2, "what was seen now is not refused"),
    ("a-deleted-pod-counts-for-nothing", 19, "deleted pods count for nothing"),
    ("the-last-disk-keeps-its-pod", 12, "what was seen now is not refused"),
    ("one-cluster-rolls-at-a-time", 0, "one cluster rolls at a time"),
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
