//! What people and accidents do. Nothing here breaks a quorum of disks for good unless the schedule is a catastrophe.

use crate::{
    eviction::evict,
    invariants::Violation,
    world::{Belongs, Cluster, Disk, World},
};

/// What happens later.
#[derive(Debug, Clone)]
enum Later {
    RevertTemplate,
    MakeResource,
    SwapBack { claim: String, disk: Later2 },
    GiveUp { member: u64 },
    RollsNoMore,
    Uncordon { machine: usize },
    StartAgain,
}

/// A disk that was taken out.
#[derive(Debug, Clone)]
struct Later2 {
    instance: String,
    belongs: Belongs,
}

/// The accidents of one schedule.
pub(crate) struct Faults {
    later: Vec<(u64, Later)>,
    /// Whether disks of a majority may be lost.
    catastrophe: bool,
    /// A machine that is being drained, until then.
    draining: Option<(usize, u64)>,
    /// What has happened, by name.
    pub(crate) seen: std::collections::BTreeMap<&'static str, u32>,
    /// Whether enough disks were lost that nothing can be expected any more.
    pub(crate) is_lost: bool,
}

impl Faults {
    pub(crate) fn new(world: &mut World) -> Self {
        let catastrophe = world.once_in(12);
        Self { later: Vec::new(), catastrophe, draining: None, seen: std::collections::BTreeMap::new(), is_lost: false }
    }

    /// One second of accidents.
    pub(crate) fn tick(&mut self, world: &mut World) -> Result<(), Violation> {
        self.catch_up(world);
        self.machines(world);
        self.processes(world);
        self.people(world);
        self.disks(world);
        self.drain(world)
    }

    /// No more of it: machines come back, what is bad is taken back, what was to come comes now.
    pub(crate) fn cease(&mut self, world: &mut World) {
        for (_, later) in std::mem::take(&mut self.later) {
            self.happen(world, later);
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
            self.new_template(world, false);
        }
        world.resource.exists = true;
        world.rolling_elsewhere = false;
        for cluster in world.clusters.values_mut() {
            cluster.rounds_at_risk_until = 0;
        }
        world.note("accidents cease");
    }

    /// People give up the members of lost volumes, one after another, and delete claims by hand that are no member's. There
    /// is one annotation: they name whoever has the lowest place, since a lost voter at a place that is not wanted leaves
    /// only once all that are wanted are sound. Whoever was named by mistake is named no more.
    pub(crate) fn mend_volumes(world: &mut World) {
        let lost: Vec<(u32, Belongs)> = world
            .claims
            .iter()
            .filter_map(|(ordinal, claim)| Some((*ordinal, world.disks.get(&claim.uid).filter(|disk| disk.is_lost)?)))
            .map(|(ordinal, disk)| (ordinal, disk.belongs.clone()))
            .collect();
        let now = world.now;
        let mut members = Vec::new();
        for (ordinal, belongs) in lost {
            match belongs {
                Belongs::Member { cluster, member } if world.clusters[&cluster].takes_part(member) => {
                    members.push(member)
                }
                _ => {
                    world.claims.get_mut(&ordinal).expect("it is listed").terminating = true;
                    if let Some(pod) = world.pods.get_mut(&ordinal) {
                        pod.leaves_at = Some(now);
                    }
                }
            }
        }
        world.resource.replace_member = members.first().copied();
    }

    fn saw(&mut self, world: &mut World, name: &'static str, what: String) {
        *self.seen.entry(name).or_default() += 1;
        world.note(format!("{name}: {what}"));
    }

    fn catch_up(&mut self, world: &mut World) {
        let now = world.now;
        let due: Vec<Later> = self.later.extract_if(.., |(at, _)| *at <= now).map(|(_, later)| later).collect();
        for later in due {
            self.happen(world, later);
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

    fn happen(&mut self, world: &mut World, later: Later) {
        world.note(format!("{later:?}"));
        match later {
            Later::RevertTemplate => self.new_template(world, false),
            Later::MakeResource => world.resource.exists = true,
            Later::SwapBack { claim, disk } => {
                if let Some(present) = world.disks.get_mut(&claim) {
                    (present.instance, present.belongs) = (disk.instance, disk.belongs);
                    restart(world, &claim);
                }
            }
            Later::GiveUp { member } => world.resource.replace_member = Some(member),
            Later::RollsNoMore => world.rolling_elsewhere = false,
            Later::Uncordon { machine } => world.machines[machine].is_cordoned = false,
            Later::StartAgain => world.resource.start_again_without = world.resource.recorded.clone(),
        }
    }

    fn machines(&mut self, world: &mut World) {
        let away = world.machines.iter().filter(|machine| !machine.reports).count();
        if (away == 0 || world.once_in(10)) && world.once_in(70) {
            let index = world.rng.usize(..world.machines.len());
            let off = world.rng.bool();
            let back_at = world.now + world.rng.u64(5..180);
            let machine = &mut world.machines[index];
            (machine.reports, machine.is_on, machine.back_at) = (false, !off, Some(back_at));
            self.saw(world, "machine lost", format!("{index} is {}", if off { "off" } else { "cut off" }));
        }
    }

    fn processes(&mut self, world: &mut World) {
        if world.once_in(50) {
            let ordinals: Vec<u32> = world.pods.keys().copied().collect();
            if let Some(ordinal) = world.rng.choice(&ordinals).copied() {
                let made_at = world.now + world.rng.u64(..4);
                let pod = world.pods.get_mut(&ordinal).expect("it is listed");
                (pod.running_since, pod.made_at) = (None, made_at);
                self.saw(world, "process crashed", format!("pod {ordinal}"));
            }
        }
        if world.once_in(120) {
            let until = world.now + world.rng.u64(5..40);
            for cluster in world.clusters.values_mut() {
                cluster.rounds_at_risk_until = until;
            }
            self.saw(world, "rounds at risk", format!("until {until}"));
        }
    }

    fn people(&mut self, world: &mut World) {
        if world.once_in(90) {
            let bad = world.once_in(3);
            self.new_template(world, bad);
            if bad {
                self.after(world, 20..150, Later::RevertTemplate);
            }
            self.saw(
                world,
                "template changed",
                format!("{}, {}", world.resource.template, if bad { "bad" } else { "good" }),
            );
        }
        if world.once_in(150) {
            world.resource.replicas = [1, 3, 3, 5][world.rng.usize(..4)];
            self.saw(world, "replicas changed", world.resource.replicas.to_string());
        }
        if world.once_in(200) {
            if let Some(set) = &mut world.set {
                set.replicas = world.rng.u32(..6);
                let (replicas, version) = (set.replicas, world.counter + 1);
                world.counter = version;
                world.set.as_mut().expect("it is there").version = version;
                self.saw(world, "set scaled by hand", replicas.to_string());
            }
        }
        if world.once_in(250) {
            world.resource.recorded = None;
            self.saw(world, "status lost", String::new());
        }
        if world.resource.exists && world.once_in(400) {
            let uid = world.fresh("cr");
            let replicas = if world.rng.bool() { world.resource.replicas } else { 3 };
            let resource = &mut world.resource;
            (resource.uid, resource.replicas, resource.exists) = (uid, replicas, false);
            (resource.recorded, resource.replace_member, resource.start_again_without) = (None, None, None);
            self.after(world, 1..40, Later::MakeResource);
            self.saw(world, "resource made again", String::new());
        }
        if world.once_in(250) && world.budget.take().is_some() {
            world.budget_is_deleted = true;
            self.saw(world, "budget deleted", String::new());
        }
        if world.once_in(300) {
            world.rolling_elsewhere = true;
            self.after(world, 10..80, Later::RollsNoMore);
            self.saw(world, "another cluster rolls", String::new());
        }
        if world.once_in(400) {
            // By mistake: of any member, active or not.
            let members: Vec<u64> =
                world.clusters.values().flat_map(|cluster| cluster.voters.iter().copied()).collect();
            world.resource.replace_member = world.rng.choice(&members).copied();
            self.saw(world, "given up by mistake", format!("{:?}", world.resource.replace_member));
        }
        if world.once_in(60) {
            world.configuration_outdated = true;
        }
    }

    fn new_template(&mut self, world: &mut World, bad: bool) {
        let template = world.version() as u32;
        world.resource.template = template;
        if bad {
            world.bad_templates.insert(template);
        }
    }

    fn disks(&mut self, world: &mut World) {
        if world.once_in(220) {
            let chosen = self.choose_disk(world);
            if let Some(ordinal) = chosen {
                let claim = world.claims[&ordinal].uid.clone();
                let instance = world.fresh("disk");
                world.disks.insert(claim.clone(), Disk { is_lost: false, instance, belongs: Belongs::Nobody });
                restart(world, &claim);
                self.saw(world, "disk wiped", format!("at {ordinal}"));
            }
        }
        if world.once_in(300)
            && let Some(ordinal) = self.choose_disk(world)
        {
            let claim = world.claims[&ordinal].uid.clone();
            let disk = world.disks.get_mut(&claim).expect("the claim has a disk");
            disk.is_lost = true;
            if let Belongs::Member { member, .. } = disk.belongs {
                self.after(world, 5..60, Later::GiveUp { member });
            }
            self.saw(world, "volume lost", format!("at {ordinal}"));
        }
        if world.once_in(400)
            && let Some(ordinal) = self.choose_disk(world)
        {
            let version = world.version();
            let claim = world.claims.get_mut(&ordinal).expect("it was chosen");
            (claim.version, claim.terminating) = (version, true);
            self.saw(world, "claim deleted by hand", format!("at {ordinal}"));
        }
        if world.once_in(700) {
            self.swap(world);
        }
        if self.catastrophe && world.once_in(300) && !self.is_lost {
            self.lose_all(world);
        }
    }

    /// A disk that may go: of a minority of voters, all others running, unless the schedule is a catastrophe.
    fn choose_disk(&mut self, world: &mut World) -> Option<u32> {
        let ordinals: Vec<u32> = world.claims.keys().copied().collect();
        let ordinal = *world.rng.choice(&ordinals)?;
        let disk = world.disks.get(&world.claims[&ordinal].uid)?;
        let Belongs::Member { cluster: id, member } = &disk.belongs else { return Some(ordinal) };
        let cluster: &Cluster = &world.clusters[id];
        if !cluster.records.contains_key(member) || !cluster.takes_part(*member) {
            return Some(ordinal);
        }
        let has_disk = |voter: u64| {
            let belongs = Belongs::Member { cluster: id.clone(), member: voter };
            voter != *member
                && world.claims.values().any(|claim| {
                    !claim.terminating
                        && world.disks.get(&claim.uid).is_some_and(|disk| disk.belongs == belongs && !disk.is_lost)
                })
        };
        let harmless = !cluster.is_joint() && cluster.has_majority(has_disk) && cluster.voters.len() > 1;
        harmless.then_some(ordinal)
    }

    /// A claim is bound to a disk of a cluster that nobody here knows, until somebody notices.
    fn swap(&mut self, world: &mut World) {
        let Some(ordinal) = self.choose_disk(world) else { return };
        let claim = world.claims[&ordinal].uid.clone();
        // Behind a claim that nobody uses nobody could see it.
        let is_members = world.member_at(ordinal).is_some_and(|(id, member)| world.clusters[id].takes_part(member));
        if world.disks[&claim].is_lost || !is_members {
            return;
        }
        let foreign = world.fresh("foreign");
        let instance = world.fresh("disk");
        let record = crate::world::Record {
            instance: instance.clone(),
            ordinal,
            replaces: None,
            heard_at: world.now,
            caught_up_at: Some(world.now),
        };
        let cluster = Cluster {
            index: 1,
            voters: [1].into(),
            records: [(1, record)].into(),
            last_member: 1,
            ..Cluster::default()
        };
        world.clusters.insert(foreign.clone(), cluster);
        let disk = world.disks.get_mut(&claim).expect("the claim has a disk");
        let taken = Later2 { instance: disk.instance.clone(), belongs: disk.belongs.clone() };
        (disk.instance, disk.belongs) = (instance, Belongs::Member { cluster: foreign, member: 1 });
        restart(world, &claim);
        self.after(world, 30..90, Later::SwapBack { claim, disk: taken });
        self.saw(world, "disk swapped", format!("at {ordinal}"));
    }

    /// Every disk is wiped, unless the cluster is so young that nobody has written it down: who could then know of it?
    fn lose_all(&mut self, world: &mut World) {
        if world.resource.recorded.is_none() && world.claims.values().all(|claim| claim.cluster.is_none()) {
            return;
        }
        let claims: Vec<String> = world.claims.values().map(|claim| claim.uid.clone()).collect();
        for claim in claims {
            let instance = world.fresh("disk");
            world.disks.insert(claim.clone(), Disk { is_lost: false, instance, belongs: Belongs::Nobody });
            restart(world, &claim);
        }
        self.later.retain(|(_, later)| !matches!(later, Later::SwapBack { .. } | Later::GiveUp { .. }));
        self.is_lost = true;
        self.after(world, 60..200, Later::StartAgain);
        self.saw(world, "all disks wiped", String::new());
    }

    fn drain(&mut self, world: &mut World) -> Result<(), Violation> {
        if self.draining.is_none() && world.once_in(150) {
            let machine = world.rng.usize(..world.machines.len());
            self.draining = Some((machine, world.now + 60));
            world.machines[machine].is_cordoned = true;
            self.saw(world, "machine drained", machine.to_string());
        }
        let Some((machine, until)) = self.draining else { return Ok(()) };
        if world.budget_is_deleted {
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
            drop(evict(world, ordinal, &uid)?);
        }
        Ok(())
    }
}

/// Whoever runs on a disk begins anew.
fn restart(world: &mut World, claim: &str) {
    let now = world.now;
    for pod in world.pods.values_mut().filter(|pod| pod.claim == claim) {
        (pod.running_since, pod.made_at) = (None, now);
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
