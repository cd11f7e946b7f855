//! Which pods may go.

use crate::{
    ids::Ordinal,
    observed::{ClaimSeen, ClusterSeen, MemberSeen, PodSeen},
    plan::{Action, Blocker, BlockerCode, Identity, Situation},
};

/// A voter's pod leaves only while every other voter is Ready: then a quorum stays even if one more fails.
pub(super) fn the_other_voters_are_ready(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let Action::Evict { ordinal, .. } = action else { return None };
    let cluster = situation.observed.cluster.as_ref()?;
    let voter = cluster.voters().find(|voter| voter.ordinal == *ordinal)?;
    let unready = situation.unready_voters(Some(voter.id));
    let first = unready.first()?;
    let voters = cluster.voters().count();
    let itself = usize::from(situation.observed.is_ready(voter));
    let message = format!(
        "{} of {voters} voters ready, {} needed; {}",
        voters - 1 - unready.len() + itself,
        voters - 1 + itself,
        situation.why_not_ready(first)
    );
    Some(Blocker::new(BlockerCode::VotersNotReady, message))
}

/// The leader's pod leaves after it handed over, so that nobody waits for an election.
pub(super) fn the_leader_goes_last(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let Action::Evict { ordinal, .. } = action else { return None };
    let cluster: &ClusterSeen = situation.led().filter(|cluster| cluster.voters().count() > 1)?;
    let leader = cluster.leader().filter(|leader| leader.ordinal == *ordinal)?;
    let message = format!("member {} leads; it hands over before its pod is evicted", leader.id);
    Some(Blocker::new(BlockerCode::LeaderMustHandOver, message))
}

/// Beside the budget only pods go that count for nothing: not running, and no voter or one that the leader counts out;
/// of a removed member; with a disk that is nobody's and is going; of a member that was given up; or any old one when
/// nothing works at all.
pub(super) fn a_deleted_pod_counts_for_nothing(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let Action::DeletePod { ordinal, pod, .. } = action else { return None };
    let seen: &PodSeen = situation.observed.pod(*ordinal).filter(|seen| seen.uid == *pod)?;
    if seen.is_ready() {
        let message = "it is shown as Ready, so the budget counts on it; it is deleted once it is not";
        return Some(Blocker::new(BlockerCode::PodInUse, message));
    }
    let counts_for_nothing = match situation.led() {
        Some(cluster) => counts_for_nothing(situation, cluster, *ordinal, seen),
        None => is_no_loss_without_a_leader(situation, *ordinal, seen),
    };
    (!counts_for_nothing).then(|| {
        let message =
            "it may be running a voter that counts; it is deleted once it does not run and the leader counts it out";
        Blocker::new(BlockerCode::PodInUse, message)
    })
}

/// A disk whose claim is being deleted goes with its pod: it may only if others have the data.
pub(super) fn the_last_disk_keeps_its_pod(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::Evict { ordinal, .. } | Action::DeletePod { ordinal, .. }) = action else { return None };
    let claim = situation.observed.claim(*ordinal).filter(|claim| claim.terminating)?;
    if situation.observed.answer(*ordinal).blank().is_some() {
        return None;
    }
    let is_free = match &situation.observed.cluster {
        Some(cluster) => have_others_the_data(situation, cluster, *ordinal),
        None => is_nothing_to_keep(situation, claim, *ordinal),
    };
    (!is_free).then(|| {
        let message = "its claim is being deleted, and the disk goes with the pod; no majority of other voters has its data: \
                       ask for more replicas first";
        Blocker::new(BlockerCode::LastDisk, message)
    })
}

/// Whether a majority of voters has the data without the disk at a place, or nobody votes there.
fn have_others_the_data(situation: &Situation<'_>, cluster: &ClusterSeen, ordinal: Ordinal) -> bool {
    // Without a leader nobody knows who is sound; but a disk that stays comes back.
    let is_led = cluster.leader.is_some();
    let has_data =
        |voter: &&MemberSeen| if is_led { situation.is_sound(voter) } else { situation.disk_stays(voter.ordinal) };
    let (here, others): (Vec<&MemberSeen>, Vec<&MemberSeen>) =
        cluster.voters().partition(|voter| voter.ordinal == ordinal);
    let voters = here.len() + others.len();
    here.is_empty() || others.into_iter().filter(has_data).count() * 2 > voters
}

/// Whether no data can be on a disk while no member answers. Of a cluster that people gave up there is nothing to keep, nor
/// on a disk that no server has used yet; but a server that runs and is silent may have founded a cluster a moment ago.
fn is_nothing_to_keep(situation: &Situation<'_>, claim: &ClaimSeen, ordinal: Ordinal) -> bool {
    let is_forgiven = claim.cluster.is_some() && claim.cluster == situation.desired.start_again_without;
    let runs = situation.observed.pod(ordinal).is_some_and(|pod| !pod.is_not_running());
    is_forgiven || (claim.member.is_none() && !runs)
}

/// Whether a cluster with a leader loses nothing with a pod.
fn counts_for_nothing(situation: &Situation<'_>, cluster: &ClusterSeen, ordinal: Ordinal, pod: &PodSeen) -> bool {
    // While one takes another's place, both vote there.
    let voters: Vec<&MemberSeen> = cluster.voters().filter(|voter| voter.ordinal == ordinal).collect();
    let is_counted_out = voters.iter().all(|voter| !voter.active && cluster.leader != Some(voter.id));
    let given_up = situation.given_up(cluster);
    let is_given_up = given_up.is_some_and(|lost| voters.iter().any(|voter| voter.id == lost.id));
    let is_going = situation.observed.claim(ordinal).is_some_and(|claim| claim.terminating);
    (is_counted_out && (pod.is_not_running() || is_given_up))
        || is_of_removed_member(situation, cluster, ordinal)
        || (is_going && situation.owners(cluster, ordinal).is_empty())
}

/// Whether nothing is lost with a pod while nobody leads: nothing works at all, or there is no cluster yet.
fn is_no_loss_without_a_leader(situation: &Situation<'_>, ordinal: Ordinal, pod: &PodSeen) -> bool {
    let is_blank = situation.observed.answer(ordinal).blank().is_some();
    let is_going = situation.observed.claim(ordinal).is_some_and(|claim| claim.terminating);
    situation.is_stuck_whole()
        || (is_blank && is_going)
        || (pod.is_not_running() && situation.identity == Identity::Unknown)
}

fn is_of_removed_member(situation: &Situation<'_>, cluster: &ClusterSeen, ordinal: Ordinal) -> bool {
    situation.observed.answer(ordinal).member().is_some_and(|member| cluster.member(member).is_none())
}

/// After the operator was updated, clusters roll one after another.
pub(super) fn one_cluster_rolls_at_a_time(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::Evict { .. }, Some(other)) = (action, &situation.observed.rolling_elsewhere) else { return None };
    let message = format!("cluster {other} is being updated; this one follows");
    Some(Blocker::new(BlockerCode::OtherClusterRolls, message))
}
