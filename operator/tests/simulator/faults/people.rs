//! What people do, on purpose and by mistake.

use super::{Faults, Later, disks::are_last_disks_going};
use crate::world::{Belongs, Cluster, World};

impl Faults {
    /// People give up the members of lost volumes, one after another, and delete claims by hand that are no member's.
    /// There is one annotation: they name whoever has the lowest place, since a lost voter at a place that is not
    /// wanted leaves only once all that are wanted are sound. Whoever was named by mistake is named no more.
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
                    members.push(member);
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
        if are_last_disks_going(world) {
            world.resource.replicas = world.resource.replicas.max(3);
        }
    }

    pub(super) fn people(&mut self, world: &mut World) {
        let before = (world.resource.template, world.resource.replicas);
        self.ask(world);
        let is_mid_step = world.hanging > 0 || world.clusters.values().any(Cluster::is_joint);
        if is_mid_step && before != (world.resource.template, world.resource.replicas) {
            world.saw("spec changed mid-step");
        }
    }

    fn ask(&mut self, world: &mut World) {
        if world.once_in(90) {
            let bad = world.once_in(3);
            Self::new_template(world, bad);
            if bad {
                self.after(world, 20..150, Later::RevertTemplate);
            }
            Self::saw(
                world,
                "template changed",
                &format!("{}, {}", world.resource.template, if bad { "bad" } else { "good" }),
            );
            if bad {
                world.saw("bad image");
            }
        }
        if world.once_in(150) {
            world.resource.replicas = [1, 3, 3, 5][world.rng.usize(..4)];
            Self::saw(world, "replicas changed", &world.resource.replicas.to_string());
        }
        if world.once_in(200) && world.set.is_some() && !are_last_disks_going(world) {
            let (replicas, version) = (world.rng.u32(..6), world.version());
            if let Some(set) = &mut world.set {
                (set.replicas, set.version, set.changed_at) = (replicas, version, world.now);
            }
            Self::saw(world, "set scaled by hand", &replicas.to_string());
        }
        if world.once_in(250) && !self.has_condemned {
            world.resource.recorded = None;
            Self::saw(world, "status lost", "");
        }
        if world.resource.exists && world.once_in(400) && !are_last_disks_going(world) {
            let uid = world.fresh("cr");
            let replicas = if world.rng.bool() { world.resource.replicas } else { 3 };
            let resource = &mut world.resource;
            (resource.uid, resource.replicas, resource.exists) = (uid, replicas, false);
            (resource.recorded, resource.replace_member, resource.start_again_without) = (None, None, None);
            self.after(world, 1..40, Later::MakeResource);
            Self::saw(world, "resource made again", "");
        }
        if world.once_in(250) && world.budget.take().is_some() {
            (world.budget_is_deleted, world.budget_taken_at) = (true, Some(world.now));
            Self::saw(world, "budget deleted", "");
        }
        if world.once_in(300) {
            world.rolling_elsewhere = true;
            self.after(world, 10..80, Later::RollsNoMore);
            Self::saw(world, "another cluster rolls", "");
        }
        if world.once_in(400) {
            // By mistake: of any member, active or not.
            let members: Vec<u64> =
                world.clusters.values().flat_map(|cluster| cluster.voters.iter().copied()).collect();
            world.resource.replace_member = world.rng.choice(&members).copied();
            Self::saw(world, "given up by mistake", &format!("{:?}", world.resource.replace_member));
        }
        if world.once_in(300) {
            Self::lose_note(world);
        }
        if world.once_in(60) {
            world.configuration_outdated = true;
        }
    }

    /// Somebody takes the notes from a claim.
    fn lose_note(world: &mut World) {
        // Of a silent member nobody could tell any more whose claim it is; and a claim that goes is noted no more.
        let is_told = |place: &u32| world.member_at(*place).is_some() && !world.claims[place].terminating;
        let noted: Vec<u32> = world
            .claims
            .keys()
            .copied()
            .filter(|place| world.claims[place].cluster.is_some())
            .filter(is_told)
            .collect();
        let (chosen, version) = (world.rng.choice(&noted).copied(), world.version());
        if let Some(claim) = chosen.and_then(|ordinal| world.claims.get_mut(&ordinal)) {
            (claim.cluster, claim.member, claim.version) = (None, None, version);
            Self::saw(world, "claim note lost", &format!("{chosen:?}"));
        }
    }

    pub(super) fn new_template(world: &mut World, bad: bool) {
        let template = world.version() as u32;
        world.resource.template = template;
        if bad {
            world.bad_templates.insert(template);
        }
    }
}
