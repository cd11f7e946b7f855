//! What concerns and guards look at.

use super::{Blocker, BlockerCode, Identity};
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
    pub(super) fn silence(&self) -> String {
        let silent: Vec<String> = self
            .places()
            .filter(|ordinal| self.observed.answer(*ordinal) == &Answer::Silent)
            .map(|ordinal| self.desired.pod(ordinal))
            .collect();
        if silent.is_empty() { String::new() } else { format!("; {} did not answer", silent.join(", ")) }
    }

    /// The places of the StatefulSet's pods.
    pub(super) fn places(&self) -> impl Iterator<Item = Ordinal> + use<> {
        (0..self.observed.set.as_ref().map_or(0, |set| set.replicas)).map(Ordinal)
    }

    /// The pods of an older template, with the StatefulSet that has the newer one.
    pub(super) fn old_pods(&self) -> impl Iterator<Item = (Ordinal, &'a PodSeen)> {
        let set: Option<&SetSeen> = self.observed.set.as_ref();
        let pods = self.observed.slots.iter().filter_map(|(ordinal, slot)| Some((*ordinal, slot.pod.as_ref()?)));
        pods.filter(move |(_, pod)| set.is_some_and(|set| set.revision != pod.revision))
    }

    /// Whether nothing works and the API server can be believed: every pod has been not Ready on a Ready node for a while,
    /// and no node that answers sees a leader. Silence alone is no evidence.
    pub(super) fn is_stuck_whole(&self) -> bool {
        let mut pods = self.places().map(|ordinal| self.observed.pod(ordinal)).peekable();
        let sees_leader = |slot: &Slot| matches!(slot.answer, Answer::Member { sees_leader: true, .. });
        pods.peek().is_some()
            && pods.all(|pod| pod.is_some_and(|pod| pod.stuck))
            && self.led().is_none()
            && !self.observed.slots.values().any(sees_leader)
    }

    /// The voters but this one that are not Ready.
    pub(super) fn unready_voters(&self, but: Option<MemberId>) -> Vec<&'a MemberSeen> {
        let cluster = self.observed.cluster.as_ref();
        let voters = cluster.into_iter().flat_map(ClusterSeen::voters);
        voters.filter(|voter| Some(voter.id) != but && !self.observed.is_ready(voter)).collect()
    }

    /// Why a voter is not Ready, for a message.
    pub(super) fn why_not_ready(&self, voter: &MemberSeen) -> String {
        let name = self.desired.pod(voter.ordinal);
        match self.observed.pod(voter.ordinal) {
            None => format!("{name} does not exist"),
            Some(PodSeen { lost_node: Some(node), .. }) => format!(
                "{name} is on node {node}, which is lost: taint it node.kubernetes.io/out-of-service if it is off for good"
            ),
            Some(PodSeen { terminating: true, .. }) => format!("{name} is terminating"),
            Some(PodSeen { container: Container::NotRunning { reason }, .. }) => {
                format!("{name} does not run: {reason}")
            }
            Some(_) => format!("{name} is not Ready"),
        }
    }
}
