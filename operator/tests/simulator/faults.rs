//! What people and accidents do. Nothing here breaks a quorum of disks for good unless the schedule is a catastrophe.

mod disks;
mod people;

pub(crate) use disks::are_last_disks_going;

use crate::{
    eviction::evict,
    invariants::Violation,
    world::{Belongs, World},
};

/// What happens later.
#[derive(Debug, Clone)]
enum Later {
    RevertTemplate,
    MakeResource,
    SwapBack { claim: String, disk: TakenOut },
    GiveUp { member: u64 },
    RollsNoMore,
    Uncordon { machine: usize },
    StartAgain,
    AskForThree,
}

/// A disk that was taken out.
#[derive(Debug, Clone)]
struct TakenOut {
    instance: String,
    belongs: Belongs,
}

/// What a schedule has that may cost all data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Catastrophe {
    None,
    AllDisksWiped,
    OnlyClaimDeleted,
}

/// The accidents of one schedule.
pub(crate) struct Faults {
    later: Vec<(u64, Later)>,
    catastrophe: Catastrophe,
    /// Whether people have deleted the claim of the only voter: with a pod that cannot run, or leaves, the data are
    /// gone.
    pub(crate) has_condemned: bool,
    /// A machine that is being drained, until then.
    draining: Option<(usize, u64)>,
    /// Whether enough disks were lost that nothing can be expected any more.
    pub(crate) is_lost: bool,
}

impl Faults {
    pub(crate) fn new(world: &mut World) -> Self {
        let catastrophe = if world.once_in(12) {
            Catastrophe::AllDisksWiped
        } else if world.once_in(10) {
            Catastrophe::OnlyClaimDeleted
        } else {
            Catastrophe::None
        };
        Self { later: Vec::new(), catastrophe, has_condemned: false, draining: None, is_lost: false }
    }

    /// One second of accidents.
    pub(crate) fn tick(&mut self, world: &mut World) -> Result<(), Violation> {
        self.catch_up(world);
        Self::machines(world);
        Self::processes(world);
        self.people(world);
        self.disks(world);
        self.drain(world)
    }

    /// No more of it: machines come back, what is bad is taken back, what was to come comes now.
    pub(crate) fn cease(&mut self, world: &mut World) {
        for (_, later) in std::mem::take(&mut self.later) {
            Self::happen(world, later);
        }
        let now = world.now;
        for index in 0..world.machines.len() {
            bring_back(world, index, now);
        }
        for machine in &mut world.machines {
            machine.is_cordoned = false;
        }
        self.draining = None;
        if world.bad_templates.contains(&world.resource.template) {
            Self::new_template(world, false);
        }
        world.resource.exists = true;
        (world.rolling_elsewhere, world.budget_lags_until) = (false, 0);
        for cluster in world.clusters.values_mut() {
            cluster.rounds_at_risk_until = 0;
        }
        world.note("accidents cease");
    }

    fn saw(world: &mut World, name: &'static str, what: &str) {
        world.saw(name);
        world.note(format!("{name}: {what}"));
    }

    fn catch_up(&mut self, world: &mut World) {
        let now = world.now;
        let due: Vec<Later> = self.later.extract_if(.., |(at, _)| *at <= now).map(|(_, later)| later).collect();
        for later in due {
            Self::happen(world, later);
        }
        for index in 0..world.machines.len() {
            if world.machines[index].back_at.is_some_and(|at| at <= now) {
                bring_back(world, index, now);
            }
        }
    }

    fn after(&mut self, world: &mut World, seconds: std::ops::Range<u64>, later: Later) {
        let at = world.now + world.rng.u64(seconds);
        self.later.push((at, later));
    }

    fn happen(world: &mut World, later: Later) {
        world.note(format!("{later:?}"));
        match later {
            Later::RevertTemplate => {
                world.saw("bad image taken back");
                Self::new_template(world, false);
            }
            Later::MakeResource => world.resource.exists = true,
            Later::SwapBack { claim, disk } => {
                if let Some(present) = world.disks.get_mut(&claim) {
                    (present.instance, present.belongs) = (disk.instance, disk.belongs);
                    disks::restart(world, &claim);
                }
            }
            Later::GiveUp { member } => world.resource.replace_member = Some(member),
            Later::RollsNoMore => world.rolling_elsewhere = false,
            Later::Uncordon { machine } => world.machines[machine].is_cordoned = false,
            Later::AskForThree => world.resource.replicas = 3,
            Later::StartAgain => world.resource.start_again_without = world.resource.recorded.clone(),
        }
    }

    fn machines(world: &mut World) {
        let away = world.machines.iter().filter(|machine| !machine.reports).count();
        if (away == 0 || world.once_in(10)) && world.once_in(70) {
            let index = world.rng.usize(..world.machines.len());
            let off = world.rng.bool();
            let back_at = world.now + world.rng.u64(5..180);
            let machine = &mut world.machines[index];
            (machine.reports, machine.is_on, machine.back_at) = (false, !off, Some(back_at));
            Self::saw(world, "machine lost", &format!("{index} is {}", if off { "off" } else { "cut off" }));
        }
    }

    fn processes(world: &mut World) {
        if world.once_in(150) {
            let until = world.now + world.rng.u64(5..25);
            world.budget_lags_until = until;
            Self::saw(world, "budget lags", &format!("until {until}"));
        }
        if world.once_in(50) {
            let ordinals: Vec<u32> = world.pods.keys().copied().collect();
            if let Some(ordinal) = world.rng.choice(&ordinals).copied() {
                let made_at = world.now + world.rng.u64(..4);
                let pod = world.pods.get_mut(&ordinal).expect("it is listed");
                (pod.running_since, pod.made_at) = (None, made_at);
                Self::saw(world, "process crashed", &format!("pod {ordinal}"));
            }
        }
        if world.once_in(120) {
            let until = world.now + world.rng.u64(5..40);
            for cluster in world.clusters.values_mut() {
                cluster.rounds_at_risk_until = until;
            }
            Self::saw(world, "rounds at risk", &format!("until {until}"));
        }
    }

    fn drain(&mut self, world: &mut World) -> Result<(), Violation> {
        if self.draining.is_none() && world.once_in(150) {
            let machine = world.rng.usize(..world.machines.len());
            self.draining = Some((machine, world.now + 60));
            world.machines[machine].is_cordoned = true;
            Self::saw(world, "machine drained", &machine.to_string());
        }
        let Some((machine, until)) = self.draining else { return Ok(()) };
        if world.budget_is_deleted || disks::are_last_disks_going(world) {
            // Who has deleted the budget does not drain before it is back.
            return Ok(());
        }
        if until <= world.now {
            self.draining = None;
            self.after(world, 1..30, Later::Uncordon { machine });
            return Ok(());
        }
        let there: Vec<(u32, String)> = world
            .pods
            .iter()
            .filter(|(_, pod)| pod.machine == machine && pod.leaves_at.is_none())
            .map(|(ordinal, pod)| (*ordinal, pod.uid.clone()))
            .collect();
        for (ordinal, uid) in there {
            // kubectl drain asks again until it may.
            if world.pods.values().any(|pod| pod.leaves_at.is_some()) {
                world.saw("drain raced");
            }
            drop(evict(world, ordinal, &uid, None)?);
        }
        Ok(())
    }
}

/// A machine reports again. One that was off has started its containers anew.
fn bring_back(world: &mut World, index: usize, now: u64) {
    let was_on = world.machines[index].is_on;
    let machine = &mut world.machines[index];
    (machine.reports, machine.is_on, machine.back_at) = (true, true, None);
    if !was_on {
        for pod in world.pods.values_mut().filter(|pod| pod.machine == index) {
            (pod.running_since, pod.made_at) = (None, now);
        }
    }
}
