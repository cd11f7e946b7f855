//! When the reports of members agree.

use std::collections::{BTreeMap, BTreeSet};

use super::{EncodingOutcome, RaftConfiguration};
use crate::ids::{Digest, MemberId};

/// What the reports of a sealing amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A majority of voters reports the same.
    Agreed {
        /// Of the pairs.
        input: Digest,
        /// Of the encoding.
        encoding: Digest,
        /// Of the hint.
        hint: Digest,
    },
    /// A majority has reported; some outcome could still win.
    Disagreed,
    /// Whatever the others report, nothing can win.
    Hopeless,
    /// Too few have reported.
    Pending,
}

impl RaftConfiguration {
    /// Whether those for whom `holds` are a majority: of both configurations while two are in force.
    pub fn has_majority(&self, holds: impl Fn(MemberId) -> bool) -> bool {
        let majority = |voters: &BTreeSet<MemberId>| {
            let holding = voters.iter().filter(|voter| holds(**voter)).count();
            holding * 2 > voters.len()
        };
        majority(&self.voters) && (!self.is_joint() || majority(&self.outgoing_voters))
    }

    /// What the voters' reports amount to.
    pub(super) fn verdict(&self, reports: &BTreeMap<MemberId, EncodingOutcome>) -> Verdict {
        let reports: BTreeMap<MemberId, EncodingOutcome> =
            reports.iter().filter(|(member, _)| self.is_voter(**member)).map(|(k, v)| (*k, *v)).collect();
        let mut hope = self.has_majority(|voter| !reports.contains_key(&voter));
        for outcome in reports.values() {
            let EncodingOutcome::Encoded { input, encoding, hint } = *outcome else { continue };
            if self.has_majority(|voter| reports.get(&voter) == Some(outcome)) {
                return Verdict::Agreed { input, encoding, hint };
            }
            hope |= self.has_majority(|voter| reports.get(&voter).is_none_or(|other| other == outcome));
        }
        match (hope, self.has_majority(|voter| reports.contains_key(&voter))) {
            (false, _) => Verdict::Hopeless,
            (true, true) => Verdict::Disagreed,
            (true, false) => Verdict::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configuration(voters: &[u64], outgoing: &[u64]) -> RaftConfiguration {
        RaftConfiguration {
            voters: voters.iter().map(|id| MemberId(*id)).collect(),
            outgoing_voters: outgoing.iter().map(|id| MemberId(*id)).collect(),
            learners: [MemberId(9)].into(),
        }
    }

    /// Reports of members: `Some(n)` is an encoding of its own kind, `None` a failure.
    fn verdict(configuration: &RaftConfiguration, reports: &[(u64, Option<u8>)]) -> Verdict {
        let outcome = |kind: Option<u8>| {
            kind.map_or(EncodingOutcome::Failed, |kind| EncodingOutcome::Encoded {
                input: Digest([1; 32]),
                encoding: Digest([kind; 32]),
                hint: Digest([2; 32]),
            })
        };
        configuration.verdict(&reports.iter().map(|(member, kind)| (MemberId(*member), outcome(*kind))).collect())
    }

    fn agreed(kind: u8) -> Verdict {
        Verdict::Agreed { input: Digest([1; 32]), encoding: Digest([kind; 32]), hint: Digest([2; 32]) }
    }

    #[test]
    fn a_majority_of_voters_decides() {
        let three = configuration(&[1, 2, 3], &[]);
        assert_eq!(verdict(&three, &[]), Verdict::Pending);
        assert_eq!(verdict(&three, &[(1, Some(7))]), Verdict::Pending);
        assert_eq!(verdict(&three, &[(1, Some(7)), (9, Some(7))]), Verdict::Pending, "learners do not vote");
        assert_eq!(verdict(&three, &[(1, Some(7)), (3, Some(7))]), agreed(7));
        assert_eq!(verdict(&three, &[(1, Some(7)), (2, Some(8)), (3, Some(7))]), agreed(7));
    }

    #[test]
    fn without_agreement_it_depends_on_who_is_left() {
        let three = configuration(&[1, 2, 3], &[]);
        assert_eq!(verdict(&three, &[(1, Some(7)), (2, Some(8))]), Verdict::Disagreed);
        assert_eq!(verdict(&three, &[(1, Some(7)), (2, None)]), Verdict::Disagreed);
        assert_eq!(verdict(&three, &[(1, None), (2, None)]), Verdict::Hopeless);
        assert_eq!(verdict(&three, &[(1, Some(7)), (2, Some(8)), (3, Some(6))]), Verdict::Hopeless);
        let five = configuration(&[1, 2, 3, 4, 5], &[]);
        assert_eq!(verdict(&five, &[(1, None), (2, None)]), Verdict::Pending);
        assert_eq!(verdict(&five, &[(1, None), (2, None), (3, Some(7))]), Verdict::Disagreed);
        assert_eq!(verdict(&five, &[(1, None), (2, Some(8)), (3, Some(7))]), Verdict::Disagreed);
        assert_eq!(verdict(&five, &[(1, None), (2, Some(8)), (3, Some(7)), (4, Some(6))]), Verdict::Hopeless);
    }

    #[test]
    fn while_joint_both_majorities_must_agree() {
        let joint = configuration(&[1, 2, 4], &[1, 2, 3]);
        assert_eq!(verdict(&joint, &[(1, Some(7)), (4, Some(7))]), Verdict::Pending);
        assert_eq!(verdict(&joint, &[(1, Some(7)), (3, Some(7))]), Verdict::Pending);
        assert_eq!(verdict(&joint, &[(1, Some(7)), (3, Some(7)), (4, Some(7))]), agreed(7));
        assert_eq!(verdict(&joint, &[(1, None), (3, None)]), Verdict::Hopeless, "the old configuration cannot agree");
    }

    #[test]
    fn nobody_is_no_majority() {
        assert!(!RaftConfiguration::default().has_majority(|_| true));
    }
}
