//! Which voters a leader counts as present.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use crate::{
    consensus::RaftStatus,
    ids::{MemberId, Term},
    state::RaftConfiguration,
};

/// Remembers when each member was last heard in the present term.
///
/// Raft forgets who is active at every check of the quorum, and a new leader has heard nobody yet. Pairs are destroyed
/// once every *present* voter holds their encoding, so a voter is counted as away only after a silence.
#[derive(Debug)]
pub(super) struct Voices {
    silence: Duration,
    /// The term in which this member leads, and since when.
    leading: Option<(Term, Instant)>,
    heard: BTreeMap<MemberId, Instant>,
}

impl Voices {
    /// A voter that was not heard for `silence` is away.
    pub(super) fn new(silence: Duration) -> Self {
        Self { silence, leading: None, heard: BTreeMap::new() }
    }

    /// The voters that are present, `me` included if it votes.
    pub(super) fn active_voters(
        &mut self,
        now: Instant,
        me: MemberId,
        status: &RaftStatus,
        configuration: &RaftConfiguration,
    ) -> BTreeSet<MemberId> {
        let since = match self.leading {
            Some((term, since)) if term == status.term => since,
            _ => {
                self.heard.clear();
                self.leading = Some((status.term, now));
                now
            }
        };
        self.heard.extend(status.progress.iter().filter(|progress| progress.active).map(|heard| (heard.member, now)));
        let is_recent = |moment: Instant| now.saturating_duration_since(moment) < self.silence;
        let is_present = |voter: MemberId| {
            voter == me || is_recent(since) || self.heard.get(&voter).is_some_and(|heard| is_recent(*heard))
        };
        let voters = configuration.voters.union(&configuration.outgoing_voters).copied();
        voters.filter(|voter| is_present(*voter)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{consensus::MemberProgress, ids::LogIndex};

    const ME: MemberId = MemberId(1);
    const SILENCE: Duration = Duration::from_secs(2);

    fn status(term: u64, active: &[u64]) -> RaftStatus {
        let progress = |member: u64| MemberProgress {
            member: MemberId(member),
            matched: LogIndex(0),
            active: active.contains(&member),
            keeps_up: true,
            silence: Duration::ZERO,
            snapshot: false,
        };
        RaftStatus { term: Term(term), progress: vec![progress(2), progress(3)], ..RaftStatus::initial(LogIndex(0)) }
    }

    fn configuration() -> RaftConfiguration {
        RaftConfiguration { voters: [1, 2, 3].map(MemberId).into(), ..RaftConfiguration::default() }
    }

    #[test]
    fn a_voter_is_away_only_after_a_silence() {
        let (mut voices, start) = (Voices::new(SILENCE), Instant::now());
        let mut active = |after: Duration, status: &RaftStatus| {
            let voters = voices.active_voters(start + after, ME, status, &configuration());
            voters.into_iter().map(|member| member.0).collect::<Vec<_>>()
        };
        // A new leader has heard nobody, and waits.
        assert_eq!(active(Duration::ZERO, &status(5, &[])), [1, 2, 3]);
        assert_eq!(active(Duration::from_secs(1), &status(5, &[2])), [1, 2, 3]);
        // Member 3 was never heard; member 2 lately, although raft has just forgotten it.
        assert_eq!(active(SILENCE, &status(5, &[])), [1, 2]);
        assert_eq!(active(Duration::from_secs(3), &status(5, &[])), [1]);
        assert_eq!(active(Duration::from_secs(4), &status(5, &[3])), [1, 3]);
        // Another term, another beginning.
        assert_eq!(active(Duration::from_secs(9), &status(7, &[])), [1, 2, 3]);
    }
}
