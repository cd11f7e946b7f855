//! Which fault happens when: every kind of fault meets every moment within a few seeds.

use std::time::Duration;

use silhouette_tests::harness::faults::{Fault, Kind, Target};

use super::moment::{Moment, Stage};

/// Waves of a schedule. Six schedules meet all sixteen pairs of fault and stage.
pub(crate) const WAVES: u64 = 3;

/// Longer than an election, so that a pause of the leader is seen as its loss about every other time.
const LONGEST_FAULT_MS: u64 = 2_000;

/// Fault and moment of one wave.
pub(crate) fn planned(seed: u64, wave: u64, random: &mut fastrand::Rng) -> (Fault, Moment) {
    let kinds = Kind::ALL.len() as u64;
    let number = seed * WAVES + wave;
    // Both run through all values, at different speeds.
    let kind = Kind::ALL[(number % kinds) as usize];
    let stage = Stage::ALL[(number / kinds % Stage::ALL.len() as u64) as usize];
    let target = if random.bool() { Target::Leader } else { Target::Follower };
    let lasting = Duration::from_millis(random.u64(0..LONGEST_FAULT_MS));
    (Fault { kind, target, lasting }, Moment::of(stage, random))
}
