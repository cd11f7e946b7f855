//! Members whose pairs differ from those that the majority encoded.

use super::{Round, State};
use crate::ids::{MemberId, RoundUid};

impl State {
    /// The Ready rounds for which `member` has reported other pairs than those that were agreed on, in the order in which
    /// they were started.
    ///
    /// All members apply the same entries, so one that encoded other pairs has lost or damaged what it applied: not this
    /// round alone, but everything that it holds, is in doubt. The answer outlives the pairs.
    pub fn differing_inputs(&self, member: MemberId) -> impl Iterator<Item = RoundUid> {
        self.live_rounds().filter(move |round| round.differs_at(member)).map(Round::uid)
    }
}

impl Round {
    /// Whether `member` encoded other pairs than the majority did.
    fn differs_at(&self, member: MemberId) -> bool {
        let reported = self.record.reports.get(&member);
        self.ready().zip(reported).is_some_and(|(held, outcome)| outcome.is_of_other_pairs(held.input))
    }
}
