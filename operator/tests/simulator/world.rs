//! What there is: the resource, its children, machines, disks and clusters. Time goes by in seconds.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

/// What is compared before a step changes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Precondition {
    SetVersion,
    BudgetVersion,
    ClaimVersion,
    PodUid,
    PodVersion,
    Instance,
    Index,
}

/// The world of one schedule.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, not a state of one thing")]
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) rng: Rng,
    pub(crate) resource: Resource,
    pub(crate) set: Option<Set>,
    pub(crate) pods: BTreeMap<u32, Pod>,
    pub(crate) claims: BTreeMap<u32, Claim>,
    pub(crate) budget: Option<Budget>,
    /// Whether people have deleted it.
    pub(crate) budget_is_deleted: bool,
    /// Until then its controller counts nothing.
    pub(crate) budget_lags_until: u64,
    /// When people took it away last, alone or with the resource.
    pub(crate) budget_taken_at: Option<u64>,
    pub(crate) machines: Vec<Machine>,
    /// By the claim's uid.
    pub(crate) disks: BTreeMap<String, Disk>,
    pub(crate) clusters: BTreeMap<String, Cluster>,
    /// Templates whose image does not exist.
    pub(crate) bad_templates: BTreeSet<u32>,
    /// Whether another cluster rolls for the operator's own update.
    pub(crate) rolling_elsewhere: bool,
    /// Whether the ConfigMap differs from the spec's.
    pub(crate) configuration_outdated: bool,
    /// How many pods the resource asks for, and since when.
    pub(crate) asked: (u32, u64),
    /// Places whose pod is not Ready, and since when.
    pub(crate) unready: BTreeMap<u32, u64>,
    /// Steps that hang.
    pub(crate) hanging: usize,
    /// A check that is left out where steps are carried out, to show what it prevents.
    pub(crate) unchecked: Option<Precondition>,
    /// What has happened, by name.
    pub(crate) seen: BTreeMap<&'static str, u32>,
    pub(crate) counter: u64,
    pub(crate) log: Vec<String>,
    pub(crate) print: bool,
}

/// The `SilhouetteCluster`.
pub(crate) struct Resource {
    pub(crate) uid: String,
    pub(crate) replicas: u32,
    /// Which template the spec asks for.
    pub(crate) template: u32,
    pub(crate) replace_member: Option<u64>,
    pub(crate) start_again_without: Option<String>,
    /// `status.clusterId`.
    pub(crate) recorded: Option<String>,
    pub(crate) exists: bool,
}

/// The StatefulSet: `Parallel`, `OnDelete`, claims retained.
#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) replicas: u32,
    pub(crate) released: bool,
    pub(crate) template: u32,
    /// What its controller works with, and since when it has known better.
    pub(crate) seen: (u32, u32),
    pub(crate) changed_at: u64,
}

pub(crate) struct Pod {
    pub(crate) uid: String,
    pub(crate) template: u32,
    pub(crate) machine: usize,
    pub(crate) claim: String,
    pub(crate) made_at: u64,
    /// When its server process began; `None` while it does not run.
    pub(crate) running_since: Option<u64>,
    /// As the API server shows it.
    pub(crate) ready: bool,
    pub(crate) not_ready_since: u64,
    /// When it will be gone.
    pub(crate) leaves_at: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) uid: String,
    pub(crate) version: u64,
    pub(crate) cluster: Option<String>,
    pub(crate) member: Option<u64>,
    pub(crate) released: bool,
    /// Whether people had given up its member when it was released.
    pub(crate) given_up: bool,
    pub(crate) terminating: bool,
    /// Since when it is released or deleted.
    pub(crate) going_since: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Budget {
    pub(crate) version: u64,
    pub(crate) min_available: u32,
    pub(crate) released: bool,
    /// What its controller has written into its status, of which spec.
    pub(crate) status: BudgetStatus,
}

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct BudgetStatus {
    pub(crate) min_available: Option<u32>,
    pub(crate) healthy: u32,
    pub(crate) allowed: u32,
}

/// A Kubernetes node.
pub(crate) struct Machine {
    /// Whether its kubelet reports. Its containers run on if it does not.
    pub(crate) reports: bool,
    /// Whether its power is on.
    pub(crate) is_on: bool,
    /// Whether new pods keep away from it.
    pub(crate) is_cordoned: bool,
    pub(crate) back_at: Option<u64>,
}

/// A volume.
#[derive(Debug)]
pub(crate) struct Disk {
    /// Whether no pod can use it any more.
    pub(crate) is_lost: bool,
    pub(crate) instance: String,
    pub(crate) belongs: Belongs,
}

/// What a node answers of its disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Belongs {
    Nobody,
    Member { cluster: String, member: u64 },
}

impl Belongs {
    /// Whether it is the disk of this member.
    pub(crate) fn is(&self, cluster: &str, member: u64) -> bool {
        matches!(self, Self::Member { cluster: id, member: number } if id == cluster && *number == member)
    }
}

/// A raft group.
#[derive(Debug, Default)]
pub(crate) struct Cluster {
    pub(crate) index: u64,
    pub(crate) voters: BTreeSet<u64>,
    pub(crate) outgoing: BTreeSet<u64>,
    pub(crate) learners: BTreeSet<u64>,
    pub(crate) records: BTreeMap<u64, Record>,
    pub(crate) last_member: u64,
    pub(crate) leader: Option<u64>,
    pub(crate) leader_since: u64,
    pub(crate) leader_until: Option<u64>,
    pub(crate) joint_since: u64,
    pub(crate) bootstraps: u32,
    /// Rounds that only a minority holds, until then.
    pub(crate) rounds_at_risk_until: u64,
}

/// A member that was not removed.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) instance: String,
    pub(crate) ordinal: u32,
    pub(crate) replaces: Option<u64>,
    pub(crate) heard_at: u64,
    pub(crate) caught_up_at: Option<u64>,
}

impl Machine {
    fn new() -> Self {
        Self { reports: true, is_on: true, is_cordoned: false, back_at: None }
    }
}

/// Kubernetes nodes.
pub(crate) const MACHINE_NAMES: [&str; 5] = ["machine-0", "machine-1", "machine-2", "machine-3", "machine-4"];

impl World {
    pub(crate) fn new(seed: u64, print: bool) -> Self {
        let mut rng = Rng::with_seed(seed);
        let replicas = [1, 3, 3, 3, 5][rng.usize(..5)];
        let mut world = Self {
            now: 0,
            rng,
            resource: Resource {
                uid: String::new(),
                replicas,
                template: 1,
                replace_member: None,
                start_again_without: None,
                recorded: None,
                exists: true,
            },
            set: None,
            pods: BTreeMap::new(),
            claims: BTreeMap::new(),
            budget: None,
            budget_is_deleted: false,
            budget_lags_until: 0,
            budget_taken_at: None,
            machines: MACHINE_NAMES.iter().map(|_| Machine::new()).collect(),
            disks: BTreeMap::new(),
            clusters: BTreeMap::new(),
            bad_templates: BTreeSet::new(),
            rolling_elsewhere: false,
            configuration_outdated: true,
            asked: (replicas, 0),
            unready: BTreeMap::new(),
            hanging: 0,
            unchecked: None,
            seen: BTreeMap::new(),
            counter: 0,
            log: Vec::new(),
            print,
        };
        world.resource.uid = world.fresh("cr");
        world
    }

    /// A name that was never used before.
    pub(crate) fn fresh(&mut self, kind: &str) -> String {
        self.counter += 1;
        format!("{kind}{}", self.counter)
    }

    pub(crate) fn version(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    pub(crate) fn note(&mut self, what: impl Into<String>) {
        let line = format!("{:5} {}", self.now, what.into());
        if self.print {
            println!("{line}");
        }
        self.log.push(line);
    }

    /// Counts what happened, so that what never happens is missed.
    pub(crate) fn saw(&mut self, name: &'static str) {
        *self.seen.entry(name).or_default() += 1;
    }

    /// Whether what must hold before a step changes anything does; what is not checked does.
    pub(crate) fn holds(&self, precondition: Precondition, holds: bool) -> bool {
        holds || self.unchecked == Some(precondition)
    }

    /// Whether once in `seconds` this happens now.
    pub(crate) fn once_in(&mut self, seconds: u64) -> bool {
        self.rng.u64(..seconds) == 0
    }

    /// Whether a pod's process runs, whatever the API server knows.
    pub(crate) fn is_up(&self, pod: &Pod) -> bool {
        pod.running_since.is_some() && self.machines[pod.machine].is_on
    }

    /// The disk of the process at a place.
    pub(crate) fn disk_at(&self, ordinal: u32) -> Option<&Disk> {
        let pod = self.pods.get(&ordinal).filter(|pod| self.is_up(pod))?;
        self.disks.get(&pod.claim)
    }

    /// The places at which a member's process runs.
    pub(crate) fn places_of(&self, cluster: &str, member: u64) -> Vec<u32> {
        let pods = self.pods.keys().copied();
        pods.filter(|ordinal| self.disk_at(*ordinal).is_some_and(|disk| disk.belongs.is(cluster, member))).collect()
    }

    /// Whether a member's process runs.
    pub(crate) fn is_member_up(&self, cluster: &str, member: u64) -> bool {
        !self.places_of(cluster, member).is_empty()
    }

    /// The cluster whose member's disk is at a place, and that member, if it still is one.
    pub(crate) fn member_at(&self, ordinal: u32) -> Option<(&str, u64)> {
        match &self.disk_at(ordinal)?.belongs {
            Belongs::Member { cluster, member } if self.clusters[cluster].records.contains_key(member) => {
                Some((cluster, *member))
            }
            _ => None,
        }
    }

    /// Clusters of which some disk that a claim holds has something.
    pub(crate) fn clusters_on_disks(&self) -> BTreeSet<&str> {
        let disks = self.claims.values().filter_map(|claim| self.disks.get(&claim.uid));
        disks
            .filter_map(|disk| match &disk.belongs {
                Belongs::Member { cluster, member } if self.clusters[cluster].records.contains_key(member) => {
                    Some(cluster.as_str())
                }
                _ => None,
            })
            .collect()
    }
}

impl Pod {
    /// Its resource version: changes whenever its status does.
    pub(crate) fn version(&self) -> String {
        format!("{:?}/{}/{:?}", self.running_since, self.ready, self.leaves_at)
    }
}

impl Cluster {
    /// Whether those for whom `holds` are a majority, of both configurations while two are in force.
    pub(crate) fn has_majority(&self, holds: impl Fn(u64) -> bool) -> bool {
        let majority = |voters: &BTreeSet<u64>| voters.iter().filter(|voter| holds(**voter)).count() * 2 > voters.len();
        majority(&self.voters) && (self.outgoing.is_empty() || majority(&self.outgoing))
    }

    /// Whether it was not founded here.
    pub(crate) fn is_foreign(&self) -> bool {
        self.bootstraps == 0
    }

    pub(crate) fn is_joint(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// Another leads from now on.
    pub(crate) fn follow(&mut self, leader: u64, now: u64) {
        if self.leader != Some(leader) {
            (self.leader, self.leader_since) = (Some(leader), now);
        }
    }

    /// Seconds for which its leader, since it leads, has not heard of a member.
    pub(crate) fn silence(&self, record: &Record, now: u64) -> u64 {
        now - record.heard_at.max(self.leader_since).min(now)
    }

    pub(crate) fn takes_part(&self, member: u64) -> bool {
        self.voters.contains(&member) || self.outgoing.contains(&member) || self.learners.contains(&member)
    }
}
