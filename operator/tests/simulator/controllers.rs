//! Kubernetes' own controllers and kubelets, a second at a time: each sees changes a little later.

use crate::world::{Belongs, BudgetStatus, Claim, Disk, Pod, World};

/// Seconds from a container's start until its node may be Ready.
const STARTING: u64 = 2;

/// One second of every controller.
pub(crate) fn tick(world: &mut World) {
    collect_garbage(world);
    run_containers(world);
    remove_pods(world);
    remove_claims(world);
    keep_set(world);
    show_readiness(world);
    keep_budget(world);
    remember_since(world);
}

/// Since when what whoever looks could see is so.
fn remember_since(world: &mut World) {
    let now = world.now;
    if world.asked.0 != world.resource.replicas {
        world.asked = (world.resource.replicas, now);
    }
    for claim in world.claims.values_mut() {
        claim.going_since = (claim.released || claim.terminating).then(|| claim.going_since.unwrap_or(now));
    }
    for place in 0..8 {
        if world.pods.get(&place).is_some_and(|pod| pod.ready && pod.leaves_at.is_none()) {
            world.unready.remove(&place);
        } else {
            world.unready.entry(place).or_insert(now);
        }
    }
}

/// What the resource owned goes with it; claims stay.
fn collect_garbage(world: &mut World) {
    if world.resource.exists {
        return;
    }
    world.set = None;
    if world.budget.take().is_some() {
        world.budget_taken_at = Some(world.now);
    }
    let now = world.now;
    for pod in world.pods.values_mut() {
        pod.leaves_at.get_or_insert(now + 2);
    }
}

fn run_containers(world: &mut World) {
    for (index, pod) in &mut world.pods {
        let machine = &world.machines[pod.machine];
        let can_run = machine.is_on && machine.reports && pod.leaves_at.is_none();
        let has_disk = world.disks.get(&pod.claim).is_some_and(|disk| !disk.is_lost);
        let has_image = !world.bad_templates.contains(&pod.template);
        if pod.running_since.is_none()
            && can_run
            && has_disk
            && has_image
            && world.now >= pod.made_at + 1 + u64::from(*index % 2)
        {
            pod.running_since = Some(world.now);
        }
        if !has_disk {
            pod.running_since = None;
        }
    }
}

/// A pod that is told to leave does so if its kubelet can say that it did.
fn remove_pods(world: &mut World) {
    let (now, machines) = (world.now, &world.machines);
    world.pods.retain(|_, pod| {
        let machine = &machines[pod.machine];
        !(pod.leaves_at.is_some_and(|at| at <= now) && machine.is_on && machine.reports)
    });
}

/// A claim that is deleted goes once no pod uses it, and its disk with it.
fn remove_claims(world: &mut World) {
    let used: Vec<String> = world.pods.values().map(|pod| pod.claim.clone()).collect();
    let gone: Vec<u32> = world
        .claims
        .iter()
        .filter(|(_, claim)| claim.terminating && !used.contains(&claim.uid))
        .map(|(ordinal, _)| *ordinal)
        .collect();
    for ordinal in gone {
        if let Some(claim) = world.claims.remove(&ordinal) {
            world.disks.remove(&claim.uid);
            world.note(format!("claim {ordinal} is gone"));
        }
    }
}

fn keep_set(world: &mut World) {
    let Some(mut set) = world.set.take() else { return };
    if set.seen != (set.replicas, set.template) && world.once_in(2) {
        set.seen = (set.replicas, set.template);
    }
    let (replicas, template) = set.seen;
    for ordinal in 0..replicas {
        if world.pods.contains_key(&ordinal) {
            continue;
        }
        if !world.claims.contains_key(&ordinal) {
            make_claim(world, ordinal);
        }
        if world.claims[&ordinal].terminating {
            continue;
        }
        let fit: Vec<usize> = (0..world.machines.len())
            .filter(|machine| world.machines[*machine].reports && !world.machines[*machine].is_cordoned)
            .collect();
        let Some(machine) = world.rng.choice(&fit).copied() else { continue };
        let pod = Pod {
            uid: world.fresh("pod"),
            template,
            machine,
            claim: world.claims[&ordinal].uid.clone(),
            made_at: world.now,
            running_since: None,
            ready: false,
            not_ready_since: world.now,
            leaves_at: None,
        };
        world.note(format!("pod {ordinal} is made: {} of template {template} on machine {machine}", pod.uid));
        world.pods.insert(ordinal, pod);
    }
    let now = world.now;
    for (_, pod) in world.pods.range_mut(replicas..) {
        pod.leaves_at.get_or_insert(now + 2);
    }
    world.set = Some(set);
}

fn make_claim(world: &mut World, ordinal: u32) {
    let (uid, instance, version) = (world.fresh("claim"), world.fresh("disk"), world.version());
    world.disks.insert(uid.clone(), Disk { is_lost: false, instance, belongs: Belongs::Nobody });
    world.claims.insert(
        ordinal,
        Claim {
            uid,
            version,
            cluster: None,
            member: None,
            released: false,
            given_up: false,
            terminating: false,
            going_since: None,
        },
    );
}

/// A node is Ready if its process has run for a while and it votes in a cluster with a leader; the API server shows it
/// a little later.
fn show_readiness(world: &mut World) {
    let ordinals: Vec<u32> = world.pods.keys().copied().collect();
    for ordinal in ordinals {
        let serves = is_serving(world, ordinal);
        let pod = &world.pods[&ordinal];
        let reports = world.machines[pod.machine].reports;
        let shown = pod.ready;
        let changes = match (reports, shown, serves) {
            (true, false, true) | (true, true, false) => world.once_in(2),
            (false, true, _) => world.once_in(20),
            _ => false,
        };
        if changes {
            let now = world.now;
            let pod = world.pods.get_mut(&ordinal).expect("it is listed");
            pod.ready = !shown;
            pod.not_ready_since = now;
        }
    }
}

/// Whether a node would say that it is ready.
pub(crate) fn is_serving(world: &World, ordinal: u32) -> bool {
    let pod = &world.pods[&ordinal];
    let is_up = world.is_up(pod) && pod.running_since.is_some_and(|since| world.now >= since + STARTING);
    let Some((cluster, member)) = world.member_at(ordinal).filter(|_| is_up) else { return false };
    let cluster = &world.clusters[cluster];
    let votes = cluster.voters.contains(&member) || cluster.outgoing.contains(&member);
    votes && cluster.leader.is_some()
}

fn keep_budget(world: &mut World) {
    let healthy = world.pods.values().filter(|pod| pod.ready && pod.leaves_at.is_none()).count() as u32;
    let due = world.once_in(2);
    if world.now < world.budget_lags_until {
        return;
    }
    let Some(budget) = &mut world.budget else { return };
    if due {
        let allowed = healthy.saturating_sub(budget.min_available);
        budget.status = BudgetStatus { min_available: Some(budget.min_available), healthy, allowed };
    } else if healthy < budget.status.healthy {
        // Its controller hears of pods that are less at once enough: it never promises more than there are.
        budget.status.healthy = healthy;
        budget.status.allowed = budget.status.allowed.min(healthy.saturating_sub(budget.min_available));
    }
}
