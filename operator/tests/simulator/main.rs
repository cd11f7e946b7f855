//! A seeded simulation of everything around the planner: API objects, controllers, kubelets, disks, raft, a clock,
//! people and accidents. Thousands of schedules, each a function of its seed; after each step the invariants are
//! checked.
//!
//! `SIMULATION_SEED=17` runs one schedule and prints what happened in it. `SIMULATION_SCHEDULES` says how many are run.

mod carry;
mod controllers;
mod eviction;
mod faults;
mod invariants;
mod members;
mod mutations;
mod observe;
mod operator;
mod schedule;
mod world;

use std::collections::BTreeMap;

use silhouette_operator::plan::GUARDS;

/// Schedules that every test run carries out; the soak run names more by `SIMULATION_SCHEDULES`.
const SCHEDULES: u64 = 2_000;

#[test]
fn every_schedule_keeps_every_invariant_and_ends_well() {
    if let Some(seed) = number("SIMULATION_SEED") {
        let outcome = schedule::run(GUARDS, seed, schedule::Log::Printed);
        outcome.unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
        return;
    }
    let schedules = number("SIMULATION_SCHEDULES").unwrap_or(SCHEDULES);
    let begun = std::time::Instant::now();
    let mut totals = schedule::Totals::default();
    let mut red = Vec::new();
    for (seed, ended) in each_seed(schedules, |seed| schedule::run(GUARDS, seed, schedule::Log::Quiet)) {
        match ended {
            Ok(ended) => totals.add(&ended),
            Err(violation) => red.push((seed, violation)),
        }
    }
    println!("{schedules} schedules in {:.1} s: {totals}", begun.elapsed().as_secs_f64());
    if let Some((seed, violation)) = red.first() {
        let all: Vec<String> = red.iter().map(|(seed, violation)| format!("{seed}: {}", violation.invariant)).collect();
        panic!("{violation}\nred: {all:?}\nto see it: SIMULATION_SEED={seed} cargo test --test simulator");
    }
    totals.assert_varied();
}

/// Runs every seed, on all cores.
fn each_seed<T: Send>(seeds: u64, run: impl Fn(u64) -> T + Sync) -> BTreeMap<u64, T> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let run = &run;
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                scope.spawn(move || {
                    (first..seeds).step_by(threads as usize).map(|seed| (seed, run(seed))).collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a schedule does not panic")).collect()
    })
}

#[test]
fn a_schedule_is_a_function_of_its_seed() {
    for seed in 0..20 {
        let run = || schedule::run(GUARDS, seed, schedule::Log::Kept).expect("the schedule keeps every invariant").log;
        assert_eq!(run(), run(), "seed {seed}");
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("the variable is a number"))
}
