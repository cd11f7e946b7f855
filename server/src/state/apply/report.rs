//! What members report about encodings, and what follows when enough of them have.

use std::collections::BTreeSet;

use super::Changes;
use crate::{
    ids::{ClusterTime, MemberId, RoundUid},
    state::{EncodingOutcome, Held, Phase, RaftConfiguration, Reply, Round, State, majority::Verdict},
};

impl State {
    pub(super) fn report_encoding(
        &mut self,
        uid: RoundUid,
        reseal: u32,
        member: MemberId,
        outcome: EncodingOutcome,
        changes: &mut Changes,
    ) -> Reply {
        if !self.configuration().raft.contains(member) {
            return Reply::Done;
        }
        let Ok(round) = self.live_round_mut(uid) else { return Reply::Done };
        let current = match round.phase() {
            Phase::Sealed(sealing) => sealing.reseal == reseal,
            Phase::Ready(held) => held.reseal == reseal,
            Phase::Open | Phase::Failed { .. } | Phase::Ended { .. } => false,
        };
        if !current || round.record.reports.insert(member, outcome) == Some(outcome) {
            return Reply::Done;
        }
        if let Phase::Ready(held) = &mut round.record.phase
            && held.is_of(outcome)
        {
            held.held_by.insert(member);
        }
        self.save(uid, changes);
        self.settle(uid, changes);
        Reply::Done
    }

    pub(super) fn report_held(&mut self, uid: RoundUid, member: MemberId, changes: &mut Changes) -> Reply {
        let present = self.configuration().raft.contains(member);
        if let Ok(round) = self.live_round_mut(uid)
            && let Phase::Ready(held) = &mut round.record.phase
            && present
            && held.held_by.insert(member)
        {
            self.save(uid, changes);
        }
        Reply::Done
    }

    pub(super) fn report_lost(&mut self, uid: RoundUid, member: MemberId, changes: &mut Changes) -> Reply {
        if let Ok(round) = self.live_round_mut(uid)
            && let Phase::Ready(held) = &mut round.record.phase
            && held.held_by.remove(&member)
        {
            self.save(uid, changes);
        }
        Reply::Done
    }

    /// Settles every sealed round, after the configuration has changed.
    pub(super) fn settle_all(&mut self, changes: &mut Changes) {
        let sealed: Vec<_> = self.live_rounds().filter(|round| round.sealing().is_some()).map(Round::uid).collect();
        for uid in sealed {
            self.settle(uid, changes);
        }
    }

    /// Makes a sealed round Ready if a majority of voters agrees, and notes since when they disagree.
    fn settle(&mut self, uid: RoundUid, changes: &mut Changes) {
        let (raft, now) = (self.cluster.configuration.raft.clone(), self.clock());
        let Ok(round) = self.live_round_mut(uid) else { return };
        if round.settle(&raft, now) {
            self.enter(uid, changes);
        }
    }
}

impl Round {
    /// Returns whether anything has changed.
    fn settle(&mut self, raft: &RaftConfiguration, now: ClusterTime) -> bool {
        let Phase::Sealed(sealing) = &mut self.record.phase else { return false };
        match raft.verdict(&self.record.reports) {
            Verdict::Agreed { input, encoding, hint } => {
                let mut held = Held {
                    reseal: sealing.reseal,
                    parameters: sealing.parameters.clone(),
                    sealed_at: sealing.sealed_at,
                    ready_at: now,
                    input,
                    encoding,
                    hint,
                    held_by: BTreeSet::new(),
                };
                let reports = self.record.reports.iter().filter(|(member, _)| raft.contains(**member));
                held.held_by =
                    reports.filter(|(_, outcome)| held.is_of(**outcome)).map(|(member, _)| *member).collect();
                self.record.phase = Phase::Ready(held);
                true
            }
            Verdict::Disagreed | Verdict::Hopeless if sealing.disagreed_at.is_none() => {
                sealing.disagreed_at = Some(now);
                true
            }
            Verdict::Pending if sealing.disagreed_at.is_some() => {
                sealing.disagreed_at = None;
                true
            }
            Verdict::Disagreed | Verdict::Hopeless | Verdict::Pending => false,
        }
    }
}

impl Held {
    /// Whether the outcome is the agreed encoding.
    fn is_of(&self, outcome: EncodingOutcome) -> bool {
        let agreed = (self.encoding, self.hint);
        matches!(outcome, EncodingOutcome::Encoded { encoding, hint, .. } if (encoding, hint) == agreed)
    }
}
