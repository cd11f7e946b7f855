//! What concerns and guards look at.

use std::collections::BTreeSet;

use super::{Blocker, BlockerCode, Identity, identity::is_all_blank};
use crate::{
    desired::Desired,
    ids::{MemberId, Ordinal},
    observed::{Answer, ClusterSeen, Container, MemberSeen, Observed, PodSeen, SetSeen, Slot},
};

/// What is asked for, what was observed, and whose data the disks hold.
#[derive(Debug)]
pub struct Situation<'a> {
    /// What is asked for.
    pub desired: &'a Desired,
    /// What was observed.
    pub observed: &'a Observed,
    /// Whose data the disks hold.
    pub identity: Identity,
}

impl<'a> Situation<'a> {
    pub(super) fn new(desired: &'a Desired, observed: &'a Observed) -> Self {
        Self { desired, observed, identity: Identity::judge(desired, observed) }
    }

    /// The cluster, if a leader answered for it.
    pub(super) fn led(&self) -> Option<&'a ClusterSeen> {
        self.observed.led()
    }

    /// As [`Self::led`], or the blocker that says that there is none.
    pub(super) fn led_or_blocked(&self) -> Result<&'a ClusterSeen, Blocker> {
        self.led().ok_or_else(|| {
            Blocker::new(
                BlockerCode::NoLeader,
                format!("no leader answers; members are changed through the leader alone{}", self.silence()),
            )
        })
    }

    /// Who did not answer, as the end of a sentence.
    pub(crate) fn silence(&self) -> String {
        let silent: Vec<String> = self
            .places()
            .filter(|ordinal| self.observed.answer(*ordinal) == &Answer::Silent)
            .map(|ordinal| self.desired.pod(ordinal))
            .collect();
        if silent.is_empty() { String::new() } else { format!("; {} did not answer", silent.join(", ")) }
    }

    /// The places of the StatefulSet's pods.
    pub(crate) fn places(&self) -> impl Iterator<Item = Ordinal> + use<> {
        (0..self.observed.set.as_ref().map_or(0, |set| set.replicas)).map(Ordinal)
    }

    /// Whether a member answers in its place, and its leader hears of it.
    pub(super) fn is_sound(&self, member: &MemberSeen) -> bool {
        let leads = self.led().is_some_and(|cluster| cluster.leader == Some(member.id));
        self.observed.answer(member.ordinal).member() == Some(member.id) && (member.active || leads)
    }

    /// The members whose data the disk at a place may hold. A node that answers says whose; else the note on the claim
    /// may be old, and whoever has the place may be meant. Who only has a number has no data yet.
    pub(super) fn owners(&self, cluster: &'a ClusterSeen, ordinal: Ordinal) -> Vec<&'a MemberSeen> {
        let members: Vec<&MemberSeen> = match self.observed.answer(ordinal) {
            Answer::Uninitialised { .. } => Vec::new(),
            Answer::Member { member, .. } | Answer::Removed { member, .. } => {
                cluster.member(*member).into_iter().collect()
            }
            Answer::Silent => {
                // A note may be of a cluster that people have given up.
                let claim = self.observed.claim(ordinal).filter(|claim| claim.cluster.as_ref() == Some(&cluster.id));
                let noted = claim.and_then(|claim| cluster.member(claim.member?));
                noted.into_iter().chain(cluster.members.iter().filter(|member| member.ordinal == ordinal)).collect()
            }
        };
        members.into_iter().filter(|member| member.takes_part()).collect()
    }

    /// Whether the disk at a place stays there: its claim exists, and is neither released nor being deleted.
    pub(super) fn disk_stays(&self, ordinal: Ordinal) -> bool {
        self.observed.claim(ordinal).is_some_and(|claim| !claim.released && !claim.terminating)
    }

    /// Whether a voter can be handed leadership.
    pub(super) fn can_lead(&self, voter: &MemberSeen) -> bool {
        voter.votes() && self.is_sound(voter) && self.observed.is_ready(voter)
    }

    /// The member that people said is lost for good, if its leader has not heard of it for long either, and a majority
    /// of voters is sound without it, on disks that stay.
    pub(super) fn given_up(&self, cluster: &'a ClusterSeen) -> Option<&'a MemberSeen> {
        let lost = cluster.member(self.desired.replace_member?).filter(|lost| lost.silent)?;
        let counts =
            |voter: &&MemberSeen| voter.id != lost.id && self.is_sound(voter) && self.disk_stays(voter.ordinal);
        (cluster.voters().filter(counts).count() * 2 > cluster.voters().count()).then_some(lost)
    }

    /// How many members vote. Where no member answers, whoever has a claim may, and whoever is asked for: a lost voter
    /// has no claim, and votes until another takes its place. Too many are guarded rather than too few, and their
    /// number is odd.
    pub(super) fn voters(&self) -> usize {
        if let Some(cluster) = &self.observed.cluster {
            // While one takes another's place, both vote.
            return cluster.voters().map(|voter| voter.ordinal).collect::<BTreeSet<_>>().len();
        }
        if self.identity == Identity::Unknown && is_all_blank(self.observed) {
            return 0;
        }
        let claims = self.observed.slots.values().filter(|slot| slot.claim.is_some()).count();
        if claims == 0 { 0 } else { claims.max(self.desired.replicas as usize) | 1 }
    }

    /// The places of pods that are shown as Ready although no voter is there; none as long as nobody says who votes.
    pub(super) fn ready_pods_without_vote(&self) -> impl Iterator<Item = Ordinal> + use<'a> {
        let cluster = self.led();
        let votes = move |place| cluster.is_none_or(|cluster| cluster.voters().any(|voter| voter.ordinal == place));
        let pods = self.observed.slots.iter().filter_map(|(place, slot)| Some((*place, slot.pod.as_ref()?)));
        pods.filter(move |(place, pod)| pod.ready && !votes(*place)).map(|(place, _)| place)
    }

    /// How many places reach up to the last that may be a member's. A leader says whose they are. Without one nobody
    /// whose pod is asked for is left out; and if no member answers at all, nobody who has a claim.
    pub(super) fn places_in_use(&self) -> u32 {
        let observed = self.observed;
        let members = observed.cluster.iter().flat_map(ClusterSeen::taking_part).map(|member| member.ordinal.places());
        let members = members.max().unwrap_or(0);
        let asked = observed.set.as_ref().map_or(0, |set| set.replicas);
        match &observed.cluster {
            Some(cluster) if cluster.leader.is_some() => members,
            Some(_) => members.max(asked),
            // Nobody remembers a cluster, and every disk is empty.
            None if self.identity == Identity::Unknown && is_all_blank(observed) => 0,
            None => {
                // A claim that is being deleted stays while a pod uses it, perhaps a voter's.
                let kept = observed.slots.iter().filter(|(_, slot)| slot.claim.is_some());
                kept.map(|(ordinal, _)| ordinal.places()).max().unwrap_or(0).max(asked)
            }
        }
    }

    /// The pods of an older template, with the StatefulSet that has the newer one.
    pub(super) fn old_pods(&self) -> impl Iterator<Item = (Ordinal, &'a PodSeen)> {
        let set: Option<&SetSeen> = self.observed.set.as_ref();
        let pods = self.observed.slots.iter().filter_map(|(ordinal, slot)| Some((*ordinal, slot.pod.as_ref()?)));
        // A StatefulSet that its controller has never looked at has no revision yet.
        let is_old =
            move |pod: &PodSeen| set.is_some_and(|set| !set.revision.0.is_empty() && set.revision != pod.revision);
        pods.filter(move |(_, pod)| is_old(pod))
    }

    /// Whether nothing works and the API server can be believed: every pod has been not Ready on a Ready node for a
    /// while, and no node that answers sees a leader. Silence alone is no evidence.
    pub(super) fn is_stuck_whole(&self) -> bool {
        let mut pods = self.places().map(|ordinal| self.observed.pod(ordinal)).peekable();
        let sees_leader = |slot: &Slot| matches!(slot.answer, Answer::Member { sees_leader: true, .. });
        pods.peek().is_some()
            && pods.all(|pod| pod.is_some_and(|pod| pod.stuck))
            && self.led().is_none()
            && !self.observed.slots.values().any(sees_leader)
    }

    /// The voters but this one that are not Ready.
    pub(crate) fn unready_voters(&self, but: Option<MemberId>) -> Vec<&'a MemberSeen> {
        let cluster = self.observed.cluster.as_ref();
        let voters = cluster.into_iter().flat_map(ClusterSeen::voters);
        voters.filter(|voter| Some(voter.id) != but && !self.observed.is_ready(voter)).collect()
    }

    /// Why a voter is not Ready, for a message.
    pub(crate) fn why_not_ready(&self, voter: &MemberSeen) -> String {
        let name = self.desired.pod(voter.ordinal);
        let Some(pod) = self.observed.pod(voter.ordinal) else { return format!("{name} does not exist") };
        if let Some(node) = pod.lost_node() {
            return format!(
                "{name} has no reachable node: {node} is lost; taint it node.kubernetes.io/out-of-service if it is off for \
                 good"
            );
        }
        match &pod.container {
            _ if pod.terminating => format!("{name} is terminating"),
            Container::NotRunning { reason } => format!("{name} does not run: {reason}"),
            Container::Running | Container::Unknown => format!("{name} is not Ready"),
        }
    }
}
