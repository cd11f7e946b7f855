//! Who may be added, promoted and removed.

use std::collections::BTreeSet;

use crate::{
    ids::MemberId,
    observed::MemberSeen,
    plan::{Action, Blocker, BlockerCode, MemberChange, Situation},
};

/// Members change through a leader; and without one nobody knows which pod or claim may go.
pub(super) fn a_leader_answers(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let needs = match action {
        Action::Allocate { .. } | Action::ChangeMembers { .. } | Action::TransferLeadership { .. } => true,
        // An empty disk is nobody's if no cluster is known that could have had it.
        Action::ReleaseClaim { ordinal, .. } | Action::DeleteClaim { ordinal, .. } => {
            situation.identity.cluster().is_some() || situation.observed.answer(*ordinal).blank().is_none()
        }
        // Before a cluster is founded its pods are nobody's.
        Action::Evict { .. } => situation.identity.cluster().is_some(),
        _ => false,
    };
    needs.then(|| situation.led_or_blocked().err()).flatten()
}

/// While two configurations are in force, or a leader is about to change, nothing else is changed.
pub(super) fn one_change_at_a_time(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let disturbs =
        matches!(action, Action::ChangeMembers { .. } | Action::TransferLeadership { .. } | Action::Evict { .. });
    situation.led().filter(|cluster| disturbs && cluster.joint)?;
    // No index here: what is shown in a status must not change with each entry of a log.
    let message = "a change of members is not finished; it finishes by itself";
    Some(Blocker::new(BlockerCode::ChangeInFlight, message))
}

/// A leader that is removed goes on leading and drops what it is asked for.
pub(super) fn the_leader_stays(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let cluster = situation.led()?;
    let leader = removed(action).find(|member| Some(*member) == cluster.leader)?;
    let message = format!("member {leader} leads; it hands over before it is removed");
    Some(Blocker::new(BlockerCode::LeaderMustHandOver, message))
}

/// A voter whose place is still wanted is replaced only when its leader has not heard of it for long.
pub(super) fn the_replaced_is_silent(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let cluster = situation.led()?;
    let allocated = match action {
        Action::Allocate { replaces, .. } => *replaces,
        _ => None,
    };
    let replaced = removed(action).chain(allocated).filter_map(|member| cluster.member(member));
    let active = replaced
        .filter(|member| member.votes() && situation.desired.wants(member.ordinal))
        .find(|member| !member.silent)?;
    let message = format!("member {} was heard of lately; it is replaced after 30 s of silence", active.id);
    Some(Blocker::new(BlockerCode::MemberActive, message))
}

/// A voter that lags could be needed for a quorum before it can serve.
pub(super) fn learners_have_caught_up(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let cluster = situation.led()?;
    // That it had caught up says nothing once its disk is gone: it must answer too.
    let behind: Vec<String> = promoted(action)
        .filter_map(|member| cluster.member(member))
        .filter(|member| !member.caught_up || !situation.is_sound(member))
        .map(|member| situation.desired.pod(member.ordinal))
        .collect();
    if behind.is_empty() {
        return None;
    }
    let message = format!(
        "{} has not caught up; learners vote once they answer, and hold the log and every round",
        behind.join(" and ")
    );
    Some(Blocker::new(BlockerCode::LearnerBehind, message))
}

/// Whoever votes must not lose its disk when its pod leaves.
pub(super) fn learners_keep_their_disks(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let cluster = situation.led()?;
    let promoted = promoted(action).filter_map(|member| cluster.member(member)).map(|member| member.ordinal);
    let ordinal = promoted.into_iter().find(|ordinal| !situation.disk_stays(*ordinal))?;
    let message = format!("the claim of {} is going; a new disk takes its place", situation.desired.pod(ordinal));
    Some(Blocker::new(BlockerCode::ClaimInUse, message))
}

/// Before and after the change a majority must be sound, and the number of voters odd. Voters that are merely not
/// wanted leave only when all that are wanted are sound: who leaves may be what a quorum needs by then.
pub(super) fn the_result_has_a_quorum(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let (Action::ChangeMembers { .. }, Some(cluster)) = (action, situation.led()) else { return None };
    let before: BTreeSet<MemberId> = cluster.voters().map(|voter| voter.id).collect();
    let mut after = before.clone();
    after.extend(promoted(action));
    for member in removed(action) {
        after.remove(&member);
    }
    if after == before {
        return None;
    }
    let sound = |voters: &BTreeSet<MemberId>| {
        voters.iter().filter(|voter| cluster.member(**voter).is_some_and(|voter| situation.is_sound(voter))).count()
    };
    let has_quorum = |voters: &BTreeSet<MemberId>| sound(voters) * 2 > voters.len();
    let wanted: BTreeSet<MemberId> = after
        .iter()
        .copied()
        .filter(|id| cluster.member(*id).is_some_and(|member| situation.desired.wants(member.ordinal)))
        .collect();
    let keep_disks = |voters: &BTreeSet<MemberId>| {
        let keeping = voters.iter().filter_map(|id| cluster.member(*id));
        keeping.filter(|voter| situation.disk_stays(voter.ordinal)).count() * 2 > voters.len()
    };
    let is_enough = after.len() >= before.len() || (sound(&wanted) == wanted.len() && keep_disks(&after));
    if after.len() % 2 == 1 && has_quorum(&before) && has_quorum(&after) && is_enough {
        return None;
    }
    let message = format!(
        "{} of {} voters answer and are heard of by the leader, {} of {} would; a majority must, on disks that stay, all \
         that are wanted when voters leave, and the number be odd",
        sound(&before),
        before.len(),
        sound(&after),
        after.len()
    );
    Some(Blocker::new(BlockerCode::UnsafeChange, message))
}

/// A round that too few voters hold would be lost with one of them.
pub(super) fn rounds_keep_a_quorum(situation: &Situation<'_>, action: &Action) -> Option<Blocker> {
    let cluster = situation.led().filter(|cluster| cluster.rounds_at_risk > 0)?;
    let removes_voter = removed(action).filter_map(|member| cluster.member(member)).any(MemberSeen::votes);
    removes_voter.then(|| {
        let message = format!("{} rounds are not held by a quorum; members are fetching them", cluster.rounds_at_risk);
        Blocker::new(BlockerCode::UnsafeChange, message)
    })
}

/// The members that an action promotes.
pub(super) fn promoted(action: &Action) -> impl Iterator<Item = MemberId> {
    changed(action, MemberChange::Promote)
}

/// The members that an action removes.
fn removed(action: &Action) -> impl Iterator<Item = MemberId> {
    changed(action, MemberChange::Remove)
}

fn changed(action: &Action, change: MemberChange) -> impl Iterator<Item = MemberId> {
    let changes = match action {
        Action::ChangeMembers { changes, .. } => changes.as_slice(),
        _ => &[],
    };
    changes.iter().filter(move |(_, made)| *made == change).map(|(member, _)| *member)
}
