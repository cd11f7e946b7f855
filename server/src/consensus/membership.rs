//! Membership changes in raft's terms, and which of them a leader refuses.

use std::collections::BTreeSet;

use raft::prelude::{ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, ConfState};

use super::ProposeError;
use crate::{
    ids::{LogIndex, MemberId},
    state::{MemberAction, MembershipChange, RaftConfiguration},
};

/// What a leader knows of another member, for judging a change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// Highest index known to be on its disk.
    pub(super) matched: LogIndex,
    /// Whether it answered lately.
    pub(super) active: bool,
}

impl Standing {
    /// Whether its log is near enough for it to be promoted: at most `promote_lag` entries behind `commit`.
    pub(super) fn keeps_up(self, commit: LogIndex, promote_lag: u64) -> bool {
        self.active && self.matched.0.saturating_add(promote_lag) >= commit.0
    }
}

/// Raft's view of who votes, with the state's types.
pub(super) fn raft_configuration(conf_state: &ConfState) -> RaftConfiguration {
    let members = |ids: &[u64]| ids.iter().copied().map(MemberId).collect();
    RaftConfiguration {
        voters: members(&conf_state.voters),
        outgoing_voters: members(&conf_state.voters_outgoing),
        learners: members(&conf_state.learners),
    }
}

/// The change as raft carries it out. One part is made at once; more go through a joint configuration, which the
/// leader leaves itself: what raft would do by itself is lost with the leader that began it.
pub(super) fn raft_change(change: &MembershipChange) -> ConfChangeV2 {
    let parts = change.parts.iter().map(|(member, action)| {
        let kind = match action {
            MemberAction::AddLearner => ConfChangeType::AddLearnerNode,
            MemberAction::Promote => ConfChangeType::AddNode,
            MemberAction::Remove => ConfChangeType::RemoveNode,
        };
        ConfChangeSingle { change_type: kind.into(), node_id: member.0 }
    });
    let joint = change.parts.len() > 1;
    let transition = if joint { ConfChangeTransition::Explicit } else { ConfChangeTransition::Auto };
    ConfChangeV2 { transition: transition.into(), changes: parts.collect(), context: Vec::new() }
}

/// The members of which a change promotes the successor and removes them: they are taken for lost.
pub(super) fn replaced(
    change: &MembershipChange,
    predecessor: impl Fn(MemberId) -> Option<MemberId>,
) -> impl Iterator<Item = MemberId> {
    let promoted = change.parts.iter().filter(|(_, action)| *action == MemberAction::Promote);
    let predecessors = promoted.filter_map(move |(member, _)| predecessor(*member));
    predecessors.filter(move |member| change.parts.contains(&(*member, MemberAction::Remove)))
}

/// Whether a change is safe to propose in `configuration`, which must not be joint. `standing` is what the leader knows
/// of a member, itself included.
///
/// # Errors
/// [`ProposeError::ChangeUnsafe`] if it would leave two voters, none, or too few that live;
/// [`ProposeError::NotCaughtUp`] if a member that it promotes lags by more than `promote_lag` entries behind `commit`.
pub(super) fn check_result(
    configuration: &RaftConfiguration,
    change: &MembershipChange,
    standing: impl Fn(MemberId) -> Option<Standing>,
    commit: LogIndex,
    promote_lag: u64,
) -> Result<(), ProposeError> {
    let mut voters: BTreeSet<MemberId> = configuration.voters.clone();
    for (member, action) in &change.parts {
        match action {
            MemberAction::AddLearner => {}
            MemberAction::Promote => {
                let caught_up = standing(*member).is_some_and(|standing| standing.keeps_up(commit, promote_lag));
                if !caught_up {
                    return Err(ProposeError::NotCaughtUp { member: *member });
                }
                voters.insert(*member);
            }
            MemberAction::Remove => {
                voters.remove(member);
            }
        }
    }
    if voters == configuration.voters {
        return Ok(());
    }
    let unsafe_change = |why: &str| Err(ProposeError::ChangeUnsafe { why: why.to_owned() });
    match voters.len() {
        0 => return unsafe_change("nobody would be left to vote"),
        2 => return unsafe_change("of two voters neither may fail; change to one or three"),
        _ => {}
    }
    let live = voters.iter().filter(|voter| standing(**voter).is_some_and(|standing| standing.active)).count();
    if live * 2 <= voters.len() {
        return unsafe_change(&format!("only {live} of the {} voters would be live", voters.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ClusterTime;

    const COMMIT: LogIndex = LogIndex(1_000);

    fn members(ids: &[u64]) -> BTreeSet<MemberId> {
        ids.iter().copied().map(MemberId).collect()
    }

    fn change(parts: &[(u64, MemberAction)]) -> MembershipChange {
        let parts = parts.iter().map(|(member, action)| (MemberId(*member), *action)).collect();
        MembershipChange { time: ClusterTime(0), expected_conf_index: LogIndex(1), parts }
    }

    /// Judges a change of a cluster of `voters`, of which `live` answer and `behind` lag.
    fn check(voters: &[u64], live: &[u64], behind: &[u64], parts: &[(u64, MemberAction)]) -> Result<(), ProposeError> {
        let configuration = RaftConfiguration { voters: members(voters), ..RaftConfiguration::default() };
        let standing = |member: MemberId| {
            let matched = LogIndex(if behind.contains(&member.0) { 10 } else { COMMIT.0 });
            Some(Standing { matched, active: live.contains(&member.0) })
        };
        check_result(&configuration, &change(parts), standing, COMMIT, 100)
    }

    #[test]
    fn two_voters_are_refused_and_three_at_once_are_not() {
        let two = check(&[1], &[1, 2], &[], &[(2, MemberAction::Promote)]);
        assert!(matches!(two, Err(ProposeError::ChangeUnsafe { .. })));
        check(&[1], &[1, 2, 3], &[], &[(2, MemberAction::Promote), (3, MemberAction::Promote)]).unwrap();
        let left = check(&[1, 2, 3], &[1, 2, 3], &[], &[(3, MemberAction::Remove)]);
        assert!(matches!(left, Err(ProposeError::ChangeUnsafe { .. })));
    }

    #[test]
    fn the_last_voter_stays() {
        let none = check(&[1], &[1], &[], &[(1, MemberAction::Remove)]);
        assert!(matches!(none, Err(ProposeError::ChangeUnsafe { .. })));
    }

    #[test]
    fn a_member_that_lags_or_is_silent_is_not_promoted() {
        let parts = [(2, MemberAction::Promote), (3, MemberAction::Promote)];
        let lags = check(&[1], &[1, 2, 3], &[3], &parts);
        assert!(matches!(lags, Err(ProposeError::NotCaughtUp { member: MemberId(3) })));
        let silent = check(&[1], &[1, 3], &[], &parts);
        assert!(matches!(silent, Err(ProposeError::NotCaughtUp { member: MemberId(2) })));
    }

    #[test]
    fn a_result_without_a_live_majority_is_refused() {
        let parts = [(4, MemberAction::Remove), (5, MemberAction::Remove)];
        let result = check(&[1, 2, 3, 4, 5], &[1, 4, 5], &[], &parts);
        assert!(matches!(result, Err(ProposeError::ChangeUnsafe { .. })));
        check(&[1, 2, 3, 4, 5], &[1, 2], &[], &parts).unwrap();
    }

    #[test]
    fn whose_successor_is_promoted_while_it_is_removed_is_replaced() {
        let predecessor = |member: MemberId| (member == MemberId(4)).then_some(MemberId(2));
        let of = |parts: &[(u64, MemberAction)]| replaced(&change(parts), predecessor).collect::<Vec<_>>();
        let both = [(4, MemberAction::Promote), (2, MemberAction::Remove), (3, MemberAction::Remove)];
        assert_eq!(of(&both), [MemberId(2)]);
        let others = [(5, MemberAction::Promote), (2, MemberAction::Remove), (4, MemberAction::AddLearner)];
        assert_eq!(of(&others), []);
        assert_eq!(of(&[(4, MemberAction::Promote)]), [], "it stays");
    }

    #[test]
    fn learners_come_and_go_whoever_lives() {
        check(&[1], &[1], &[], &[(2, MemberAction::AddLearner)]).unwrap();
        check(&[1, 2, 3], &[1], &[], &[(4, MemberAction::Remove)]).unwrap();
    }

    #[test]
    fn one_part_is_made_at_once_and_more_go_through_a_joint_configuration() {
        assert_eq!(raft_change(&change(&[(2, MemberAction::AddLearner)])).enter_joint(), None);
        let parts = [(2, MemberAction::Promote), (3, MemberAction::Remove)];
        assert_eq!(raft_change(&change(&parts)).enter_joint(), Some(false));
    }
}
