//! Volumes that are wiped, lost, swapped or deleted.

use super::{Catastrophe, Faults, Later, TakenOut};
use crate::world::{Belongs, Cluster, Disk, World};

impl Faults {
    pub(super) fn disks(&mut self, world: &mut World) {
        if world.once_in(220) {
            let chosen = Self::choose_disk(world);
            if let Some(ordinal) = chosen {
                let claim = world.claims[&ordinal].uid.clone();
                let instance = world.fresh("disk");
                world.disks.insert(claim.clone(), Disk { is_lost: false, instance, belongs: Belongs::Nobody });
                restart(world, &claim);
                Self::saw(world, "disk wiped", &format!("at {ordinal}"));
            }
        }
        if world.once_in(300)
            && let Some(ordinal) = Self::choose_disk(world)
            // A volume that is lost together with the note of whose it was is nobody's for good.
            && (world.claims[&ordinal].member.is_some() || world.disk_at(ordinal).is_none_or(|disk| disk.belongs == Belongs::Nobody))
        {
            let claim = world.claims[&ordinal].uid.clone();
            let disk = world.disks.get_mut(&claim).expect("the claim has a disk");
            disk.is_lost = true;
            if let Belongs::Member { member, .. } = disk.belongs {
                self.after(world, 5..60, Later::GiveUp { member });
            }
            Self::saw(world, "volume lost", &format!("at {ordinal}"));
        }
        // The claim may be the last that remembers a cluster whose disks were wiped.
        if !self.is_lost
            && world.once_in(400)
            && let Some(ordinal) = Self::choose_disk(world)
        {
            let version = world.version();
            let claim = world.claims.get_mut(&ordinal).expect("it was chosen");
            (claim.version, claim.terminating) = (version, true);
            Self::saw(world, "claim deleted by hand", &format!("at {ordinal}"));
        }
        if self.catastrophe == Catastrophe::OnlyClaimDeleted
            && world.once_in(60)
            && let Some(ordinal) = only_disk(world)
        {
            let version = world.version();
            let claim = world.claims.get_mut(&ordinal).expect("it was chosen");
            (claim.version, claim.terminating) = (version, true);
            // As they are told to; what else would take the disk away they do not do meanwhile.
            self.after(world, 10..60, Later::AskForThree);
            self.has_condemned = true;
            Self::saw(world, "claim of the only voter deleted", &format!("at {ordinal}"));
        }
        if world.once_in(700) {
            self.swap(world);
        }
        if self.catastrophe == Catastrophe::AllDisksWiped && world.once_in(300) && !self.is_lost {
            self.lose_all(world);
        }
    }

    /// A disk that may go: of a minority of voters, all others running, unless the schedule is a catastrophe.
    fn choose_disk(world: &mut World) -> Option<u32> {
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
                    // Nor do people touch what was released a moment ago: its deletion may be on its way.
                    !claim.terminating
                        && !claim.released
                        && world.disks.get(&claim.uid).is_some_and(|disk| disk.belongs == belongs && !disk.is_lost)
                })
        };
        let harmless = !cluster.is_joint() && cluster.has_majority(has_disk) && cluster.voters.len() > 1;
        harmless.then_some(ordinal)
    }

    /// A claim is bound to a disk of a cluster that nobody here knows, until somebody notices.
    fn swap(&mut self, world: &mut World) {
        let Some(ordinal) = Self::choose_disk(world) else { return };
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
        let taken = TakenOut { instance: disk.instance.clone(), belongs: disk.belongs.clone() };
        (disk.instance, disk.belongs) = (instance, Belongs::Member { cluster: foreign, member: 1 });
        restart(world, &claim);
        self.after(world, 30..90, Later::SwapBack { claim, disk: taken });
        Self::saw(world, "disk swapped", &format!("at {ordinal}"));
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
        Self::saw(world, "all disks wiped", "");
    }
}

/// The place of the only voter, if there is one alone.
fn only_disk(world: &World) -> Option<u32> {
    let cluster = world.clusters.values().find(|cluster| !cluster.is_foreign() && cluster.voters.len() == 1)?;
    let record = cluster.records.get(cluster.voters.first()?)?;
    let is_there = world.claims.get(&record.ordinal).is_some_and(|claim| !claim.terminating);
    (is_there && !cluster.is_joint() && world.clusters_on_disks().len() == 1).then_some(record.ordinal)
}

/// Whether a majority of voters would not be left if the pods went whose claims are being deleted.
pub(crate) fn are_last_disks_going(world: &World) -> bool {
    world.clusters_on_disks().into_iter().any(|id| {
        let cluster = &world.clusters[id];
        let stays = |voter: u64| {
            let claim = cluster.records.get(&voter).and_then(|record| world.claims.get(&record.ordinal));
            claim.is_some_and(|claim| {
                !claim.terminating
                    && world.disks.get(&claim.uid).is_some_and(|disk| !disk.is_lost && disk.belongs.is(id, voter))
            })
        };
        !cluster.is_foreign() && !cluster.has_majority(stays)
    })
}

/// Whoever runs on a disk begins anew.
pub(super) fn restart(world: &mut World, claim: &str) {
    let now = world.now;
    for pod in world.pods.values_mut().filter(|pod| pod.claim == claim) {
        (pod.running_since, pod.made_at) = (None, now);
    }
}
