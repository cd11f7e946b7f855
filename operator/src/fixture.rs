//! Observations made by hand, for unit tests: a cluster as it was asked for, to which a test does one thing.

use crate::{
    desired::Desired,
    ids::{ClusterId, ConfigurationIndex, InstanceId, MemberId, Ordinal, ResourceVersion, Revision, Uid},
    observed::{
        Answer, BudgetSeen, ClaimSeen, ClusterSeen, Container, MemberSeen, NodeSeen, Observed, PodSeen, Role, SetSeen,
        Slot,
    },
    plan::{Plan, plan},
};

/// The template that pods of a [`Demo`] are made from, and that the StatefulSet has.
pub(crate) const PRESENT: &str = "r2";
/// An older one.
pub(crate) const OLDER: &str = "r1";

/// The cluster `demo`: member 1 in `demo-0`, and so on.
#[derive(Debug, Clone)]
pub(crate) struct Demo {
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
}

impl Demo {
    /// Nothing but the resource.
    pub(crate) fn empty(replicas: u32) -> Self {
        let desired = Desired {
            name: "demo".to_owned(),
            uid: "cr".into(),
            replicas,
            replace_member: None,
            start_again_without: None,
        };
        Self { desired, observed: Observed::default() }
    }

    /// Pods whose disks are empty.
    pub(crate) fn unfounded(replicas: u32) -> Self {
        let mut demo = Self::empty(replicas);
        demo.observed.set = Some(set(replicas));
        for place in 0..replicas {
            demo.add_blank(place);
        }
        demo
    }

    /// All as it was asked for: `demo-0` leads.
    pub(crate) fn settled(replicas: u32) -> Self {
        let mut demo = Self::unfounded(replicas);
        let id = Self::id();
        demo.observed.recorded = Some(id.clone());
        demo.observed.cluster = Some(ClusterSeen {
            id,
            index: ConfigurationIndex(7),
            joint: false,
            leader: Some(MemberId(1)),
            members: Vec::new(),
            rounds_at_risk: 0,
        });
        for place in 0..replicas {
            demo.add_member(place, u64::from(place) + 1, Role::Voter);
        }
        demo.set_budget(replicas);
        demo
    }

    /// The cluster's id.
    pub(crate) fn id() -> ClusterId {
        ClusterId::from("c1")
    }

    /// Makes the budget what so many voters need.
    pub(crate) fn set_budget(&mut self, voters: u32) {
        self.observed.budget = (voters >= 3).then(|| BudgetSeen {
            version: "b".into(),
            min_available: voters - 1,
            released: false,
            is_observed: true,
        });
    }

    /// A pod with an empty disk at a place.
    pub(crate) fn add_blank(&mut self, place: u32) {
        let slot = Slot { pod: Some(pod(place)), claim: Some(claim(place)), answer: blank(place) };
        self.observed.slots.insert(Ordinal(place), slot);
    }

    /// A member on the disk at a place, Ready if it votes.
    pub(crate) fn add_member(&mut self, place: u32, id: u64, role: Role) {
        let instance = InstanceId(format!("disk-of-{id}"));
        let member = MemberSeen {
            id: MemberId(id),
            instance: instance.clone(),
            ordinal: Ordinal(place),
            role,
            replaces: None,
            active: true,
            silent: false,
            caught_up: true,
        };
        self.cluster().members.push(member);
        let cluster = Self::id();
        let slot = self.slot(place);
        slot.pod = Some(PodSeen { ready: role == Role::Voter, ..pod(place) });
        slot.claim = Some(ClaimSeen { cluster: Some(cluster.clone()), member: Some(MemberId(id)), ..claim(place) });
        slot.answer = Answer::Member { cluster, member: MemberId(id), instance, sees_leader: true };
    }

    /// The disk at a place is another, and empty; its member was not heard of for long.
    pub(crate) fn wipe(&mut self, place: u32) {
        let lost = self.observed.member(Ordinal(place)).expect("a member has the place").id;
        self.silence(lost.0);
        self.slot(place).answer = blank(place);
    }

    /// A member was not heard of for long.
    pub(crate) fn silence(&mut self, id: u64) {
        let member = self.member(id);
        (member.active, member.silent) = (false, true);
        let place = member.ordinal.0;
        self.slot(place).answer = Answer::Silent;
        self.pod(place).ready = false;
    }

    /// The machine below a place is gone.
    pub(crate) fn lose_node(&mut self, place: u32) {
        let id = self.observed.member(Ordinal(place)).expect("a member has the place").id;
        self.silence(id.0);
        let pod = self.pod(place);
        pod.container = Container::Unknown;
        pod.node = Some(NodeSeen { name: format!("node-{place}"), is_lost: true });
    }

    /// Nobody leads, and who answers says so.
    pub(crate) fn lose_leader(&mut self) {
        self.cluster().leader = None;
        for slot in self.observed.slots.values_mut() {
            if let Answer::Member { sees_leader, .. } = &mut slot.answer {
                *sees_leader = false;
            }
        }
    }

    /// Pods at these places are of an older template.
    pub(crate) fn outdate(&mut self, places: impl IntoIterator<Item = u32>) {
        for place in places {
            self.pod(place).revision = OLDER.into();
        }
    }

    pub(crate) fn slot(&mut self, place: u32) -> &mut Slot {
        self.observed.slots.entry(Ordinal(place)).or_default()
    }

    pub(crate) fn pod(&mut self, place: u32) -> &mut PodSeen {
        self.slot(place).pod.as_mut().expect("a pod is there")
    }

    pub(crate) fn claim(&mut self, place: u32) -> &mut ClaimSeen {
        self.slot(place).claim.as_mut().expect("a claim is there")
    }

    pub(crate) fn cluster(&mut self) -> &mut ClusterSeen {
        self.observed.cluster.as_mut().expect("a cluster was seen")
    }

    pub(crate) fn member(&mut self, id: u64) -> &mut MemberSeen {
        let mut members = self.cluster().members.iter_mut();
        members.find(|member| member.id == MemberId(id)).expect("it is a member")
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(&self.desired, &self.observed)
    }

    /// The step that would be carried out, as people read it.
    pub(crate) fn next(&self) -> String {
        self.plan().next().map_or_else(|| "nothing".to_owned(), ToString::to_string)
    }

    /// All steps, as people read them.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.plan().steps.iter().map(ToString::to_string).collect()
    }

    /// The first step of this name, such as `evict/demo-1`, as people read it.
    pub(crate) fn line(&self, short: &str) -> String {
        let plan = self.plan();
        let step = plan.steps.iter().find(|step| step.short() == short);
        step.map_or_else(|| format!("no step is {short}: {:?}", self.lines()), ToString::to_string)
    }
}

pub(crate) fn set(replicas: u32) -> SetSeen {
    SetSeen {
        uid: "set".into(),
        version: "s".into(),
        replicas,
        revision: PRESENT.into(),
        is_observed: true,
        released: false,
        is_outdated: false,
    }
}

fn pod(place: u32) -> PodSeen {
    PodSeen {
        uid: Uid(format!("pod-{place}")),
        version: ResourceVersion(format!("p{place}")),
        revision: Revision::from(PRESENT),
        container: Container::Running,
        ready: false,
        terminating: false,
        stuck: false,
        node: Some(NodeSeen { name: format!("node-{place}"), is_lost: false }),
    }
}

fn claim(place: u32) -> ClaimSeen {
    ClaimSeen {
        uid: Uid(format!("claim-{place}")),
        version: ResourceVersion(format!("v{place}")),
        cluster: None,
        member: None,
        released: false,
        terminating: false,
    }
}

fn blank(place: u32) -> Answer {
    Answer::Uninitialised { instance: InstanceId(format!("empty-{place}")) }
}
