//! How long a leader has not heard of the others, by its own ticks.
//!
//! A clock on the wall would take everybody for silent after the leader itself stood still. Ticks that a stall dropped
//! are not counted: who does not listen hears nobody.

use std::collections::BTreeMap;

/// What a leader has heard of the other members since it began to lead.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    /// Ticks since it began to lead.
    ticks: u64,
    /// At which tick each member was last heard of. One that never was counts from when it was first a member.
    heard: BTreeMap<u64, u64>,
}

impl Hearing {
    /// A tick has passed, and these are the members.
    pub(super) fn tick(&mut self, members: impl Iterator<Item = u64>) {
        self.ticks += 1;
        let heard = |member| self.heard.get(&member).copied().unwrap_or(self.ticks);
        self.heard = members.map(|member| (member, heard(member))).collect();
    }

    /// A message of a member has come.
    pub(super) fn hear(&mut self, member: u64) {
        if let Some(heard) = self.heard.get_mut(&member) {
            *heard = self.ticks;
        }
    }

    /// Ticks since a member was heard of; 0 of one that is none, or is new.
    pub(super) fn silent_ticks(&self, member: u64) -> u64 {
        self.heard.get(&member).map_or(0, |heard| self.ticks - heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(hearing: &mut Hearing, ticks: u64, members: &[u64]) {
        (0..ticks).for_each(|_| hearing.tick(members.iter().copied()));
    }

    #[test]
    fn a_new_leader_counts_from_when_it_began_to_lead() {
        let mut hearing = Hearing::default();
        assert_eq!(hearing.silent_ticks(2), 0);
        pass(&mut hearing, 8, &[2, 3]);
        assert_eq!((hearing.silent_ticks(2), hearing.silent_ticks(3)), (7, 7));
    }

    #[test]
    fn whoever_is_heard_is_not_silent() {
        let mut hearing = Hearing::default();
        pass(&mut hearing, 5, &[2, 3]);
        hearing.hear(3);
        pass(&mut hearing, 4, &[2, 3]);
        assert_eq!((hearing.silent_ticks(2), hearing.silent_ticks(3)), (8, 4));
    }

    #[test]
    fn a_member_that_was_just_added_has_not_been_silent_for_long() {
        let mut hearing = Hearing::default();
        pass(&mut hearing, 900, &[2]);
        pass(&mut hearing, 3, &[2, 4]);
        assert_eq!((hearing.silent_ticks(2), hearing.silent_ticks(4)), (902, 2));
        pass(&mut hearing, 1, &[2]);
        pass(&mut hearing, 1, &[2, 4]);
        assert_eq!(hearing.silent_ticks(4), 0, "nor one that was away in between");
    }
}
