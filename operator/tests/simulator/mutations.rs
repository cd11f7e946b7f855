//! Each guard, taken out of the list, must turn a schedule red: otherwise it, or the simulation, is worth nothing.

use silhouette_operator::plan::{GUARDS, Guard};

use crate::schedule::{Log, run};

/// Schedules that are tried for each guard.
const TRIED: u64 = 3_000;

#[test]
fn each_guard_that_is_taken_away_is_missed() {
    let mut kept = Vec::new();
    for removed in GUARDS {
        let rest: Vec<Guard> = GUARDS.iter().filter(|guard| guard.name != removed.name).copied().collect();
        let found = (0..TRIED).find_map(|seed| Some((seed, run(&rest, seed, Log::Quiet).err()?)));
        match found {
            Some((seed, violation)) => println!("{:36} seed {seed:4}: {}", removed.name, violation.invariant),
            None => kept.push(removed.name),
        }
    }
    assert!(kept.is_empty(), "no schedule misses {kept:?}");
}
