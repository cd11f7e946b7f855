//! One schedule: accidents for a while, then none, then everything must be as it was asked for.

use std::{collections::BTreeMap, fmt};

use silhouette_operator::{
    observed::{Answer, MemberSeen, Slot},
    plan::{Guard, plan, plan_with},
    status::{ConditionKind, Conditions},
};

use crate::{
    controllers,
    faults::{Faults, are_last_disks_going},
    invariants::{Violation, broken, conditions_hold_together},
    members,
    observe::{desired, observe},
    operator::{Operator, Pictures, Weather},
    world::{Belongs, Precondition, World},
};

/// Seconds until everything must have settled once accidents have ceased: far more than any step waits for.
const PATIENCE: u64 = 900;
/// Seconds for which it then must stay so.
const QUIET: u64 = 20;

/// How schedules end of which no quorum of disks was lost.
const READY: &str = "AsAskedFor";

/// What becomes of the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    Quiet,
    Kept,
    Printed,
}

/// A schedule that kept every invariant.
pub(crate) struct Ended {
    pub(crate) log: Vec<String>,
    pub(crate) seen: BTreeMap<&'static str, u32>,
    /// How it ended: why it is ready or stalled.
    pub(crate) end: &'static str,
    /// Seconds from the last accident to the end.
    pub(crate) settled_after: u64,
}

/// Runs a schedule with these guards.
pub(crate) fn run(guards: &[Guard], seed: u64, log: Log) -> Result<Ended, Violation> {
    run_without(guards, None, seed, log)
}

/// Runs a schedule with these guards, and without a check where steps are carried out.
pub(crate) fn run_without(
    guards: &[Guard],
    unchecked: Option<Precondition>,
    seed: u64,
    log: Log,
) -> Result<Ended, Violation> {
    let mut world = World::new(seed, log == Log::Printed);
    world.unchecked = unchecked;
    let mut faults = Faults::new(&mut world);
    let mut operators = [Operator::new("first"), Operator::new("second")];
    let mut pictures = Pictures::default();
    let calm_from = 60 + world.rng.u64(..60);
    let accidents_until = calm_from + world.rng.u64(200..700);
    // Most schedules found the cluster in peace; the others are disturbed from the first second.
    let peaceful_start = !world.once_in(4);
    let in_explained = |violation: Violation, world: &World| {
        let last = world.log.iter().rev().take(12).rev().cloned().collect::<Vec<_>>().join("\n");
        Violation { what: format!("{}\n{last}", violation.what), ..violation }
    };
    let mut ceased: Option<u64> = None;
    let mut settled: Option<(u64, &'static str)> = None;
    loop {
        world.now += 1;
        let rough = ceased.is_none() && (world.now > calm_from || !peaceful_start);
        if rough {
            faults.tick(&mut world).map_err(|violation| in_explained(violation, &world))?;
        }
        if ceased.is_none() && world.now > accidents_until {
            faults.cease(&mut world);
            ceased = Some(world.now);
        }
        if ceased.is_some() {
            Faults::mend_volumes(&mut world);
        }
        controllers::tick(&mut world);
        members::tick(&mut world);
        let weather = if rough { Weather::Rough } else { Weather::Calm };
        if rough {
            pictures.take(&world);
        }
        let second_works = rough && (world.now / 50).is_multiple_of(3);
        for (index, operator) in operators.iter_mut().enumerate() {
            if index == 0 || second_works || !operator.is_idle() {
                operator
                    .tick(&mut world, guards, &pictures, weather)
                    .map_err(|violation| in_explained(violation, &world))?;
            }
        }
        let Some(ceased) = ceased else { continue };
        let is_idle = operators[0].rests() && operators.iter().all(Operator::is_idle);
        let end = if is_idle { end(&world, guards) } else { Ok(None) };
        let end = end.map_err(|violation| in_explained(violation, &world))?;
        settled = match (settled, end) {
            (Some((since, before)), Some(end)) if before == end => Some((since, end)),
            (_, Some(end)) => Some((world.now, end)),
            (_, None) => None,
        };
        if let Some((since, end)) = settled.filter(|(since, _)| world.now >= since + QUIET) {
            if end != READY && !faults.is_lost && !faults.has_condemned {
                let what = format!("stalled as {end}, although a quorum of disks was never lost\n{}", picture(&world));
                return broken("it converges", what).map_err(|violation| in_explained(violation, &world));
            }
            if end == READY && !is_whole(&world) {
                return broken("who is told to be ready is", picture(&world))
                    .map_err(|violation| in_explained(violation, &world));
            }
            let log = if log == Log::Quiet { Vec::new() } else { world.log };
            return Ok(Ended { log, seen: world.seen, end, settled_after: since - ceased });
        }
        if world.now > ceased + PATIENCE && faults.has_condemned && are_last_disks_going(&world) {
            // People deleted the claim of the only voter: a lost volume more, and nobody can tell silence from loss.
            return Ok(Ended { log: world.log, seen: world.seen, end: "data are gone", settled_after: 0 });
        }
        if world.now > ceased + PATIENCE {
            return broken("it converges", picture(&world)).map_err(|violation| in_explained(violation, &world));
        }
    }
}

/// What is there and what is planned, for people.
fn picture(world: &World) -> String {
    let (desired, seen) = (desired(world), observe(world, None));
    let plan = plan(&desired, &seen);
    let mut lines = vec![format!("{} asked for, set {:?}, {:?}", desired.replicas, seen.set, plan.identity)];
    lines.extend(seen.slots.iter().map(|(ordinal, slot)| format!("{ordinal}: {}", place(slot))));
    if let Some(cluster) = &seen.cluster {
        lines.push(format!(
            "{} index {} joint {} leader {:?}",
            cluster.id, cluster.index, cluster.joint, cluster.leader
        ));
        lines.extend(cluster.members.iter().map(|member| {
            let MemberSeen { id, ordinal, role, replaces, active, silent, caught_up, .. } = member;
            format!("  {id} at {ordinal} {role:?} replaces {replaces:?} active {active} silent {silent} caught up {caught_up}")
        }));
    }
    lines.extend(plan.steps.iter().map(|step| format!("{:?}: {} {:?}", step.action, step.reason, step.blocked_by)));
    lines.join("\n")
}

fn place(slot: &Slot) -> String {
    let pod = slot.pod.as_ref().map(|pod| {
        format!("{} {} {:?} ready {} leaving {}", pod.uid, pod.revision, pod.container, pod.ready, pod.terminating)
    });
    let claim =
        slot.claim.as_ref().map(|claim| format!("{} of {:?} leaving {}", claim.uid, claim.member, claim.terminating));
    let answer = match &slot.answer {
        Answer::Member { member, sees_leader, .. } => format!("member {member}, sees leader {sees_leader}"),
        other => format!("{other:?}"),
    };
    format!("{pod:?}; {claim:?}; {answer}")
}

/// How the world has ended, if nothing is to be done any more: the reason of `Ready` or of `Stalled`.
fn end(world: &World, guards: &[Guard]) -> Result<Option<&'static str>, Violation> {
    let picture = observe(world, None);
    let desired = desired(world);
    let plan = plan_with(guards, &desired, &picture);
    let conditions = Conditions::judge(&desired, &picture, &plan);
    conditions_hold_together(&conditions)?;
    let ended = [ConditionKind::Ready, ConditionKind::Stalled].into_iter().find(|kind| conditions.holds(*kind));
    Ok(ended.filter(|_| plan.next().is_none()).map(|kind| conditions.get(kind).reason))
}

/// Whether the world, whatever is told of it, is as it was asked for.
fn is_whole(world: &World) -> bool {
    let Some(set) = &world.set else { return false };
    let asked = 0..world.resource.replicas;
    let is_voter = |place: u32| {
        let disk = world.claims.get(&place).and_then(|claim| world.disks.get(&claim.uid));
        let votes = matches!(disk.map(|disk| &disk.belongs),
            Some(Belongs::Member { cluster, member }) if world.clusters[cluster].voters.contains(member));
        votes && world.pods[&place].ready && world.pods[&place].leaves_at.is_none()
    };
    let members: usize = world
        .clusters_on_disks()
        .into_iter()
        .map(|id| &world.clusters[id])
        .map(|cluster| cluster.records.keys().filter(|member| cluster.takes_part(**member)).count())
        .sum();
    asked.clone().all(|place| world.pods.get(&place).is_some_and(|pod| pod.template == set.template))
        && asked.clone().all(is_voter)
        && world.clusters_on_disks().into_iter().all(|id| world.clusters[id].leader.is_some())
        && members == asked.len()
        && world.clusters_on_disks().into_iter().all(|id| !world.clusters[id].is_joint())
        && world.pods.len() == asked.len()
        && world.claims.len() == asked.len()
        && set.template == world.resource.template
}

/// What all schedules together have met.
#[derive(Default)]
pub(crate) struct Totals {
    seen: BTreeMap<&'static str, u32>,
    ends: BTreeMap<&'static str, u32>,
    slowest: u64,
}

impl Totals {
    pub(crate) fn add(&mut self, ended: &Ended) {
        for (name, count) in &ended.seen {
            *self.seen.entry(name).or_default() += count;
        }
        *self.ends.entry(ended.end).or_default() += 1;
        self.slowest = self.slowest.max(ended.settled_after);
    }

    /// Schedules that met nothing would prove nothing.
    pub(crate) fn assert_varied(&self) {
        for name in [
            "machine lost",
            "process crashed",
            "rounds at risk",
            "template changed",
            "replicas changed",
            "set scaled by hand",
            "status lost",
            "claim deleted by hand",
            "claim of the only voter deleted",
            "resource made again",
            "budget deleted",
            "another cluster rolls",
            "given up by mistake",
            "disk wiped",
            "volume lost",
            "disk swapped",
            "all disks wiped",
            "machine drained",
            "drain raced",
            "bad image",
            "bad image taken back",
            "claim note lost",
            "budget lags",
            "spec changed mid-step",
            "operator crashed",
            "second operator acted",
            "stale cache",
            "node hung",
            "call hung",
        ] {
            assert!(self.seen.get(name).is_some_and(|count| *count >= 100), "{name} was met too rarely: {self}");
        }
        assert!(self.ends.get(READY).is_some_and(|count| *count > 100), "{self}");
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ends {:?}, slowest settled after {} s, accidents {:?}", self.ends, self.slowest, self.seen)
    }
}
