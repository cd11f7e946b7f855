//! The end: of pairs, of retention, of a round.

use super::Changes;
use crate::{
    ids::{MemberId, RoundUid},
    state::{Effect, EndCause, Expected, Phase, Rejection, Reply, Round, RoundSecret, RoundSpec, State},
};

impl State {
    /// Lets members destroy the pairs of a round that needs them no more.
    pub(super) fn shred(&mut self, uid: RoundUid, changes: &mut Changes) -> Reply {
        let Some(round) = self.rounds.get_mut(&uid) else { return Reply::Done };
        let needed = matches!(round.phase(), Phase::Open | Phase::Sealed(_));
        if needed || round.is_shredded() {
            return Reply::Done;
        }
        round.secret = RoundSecret::default();
        round.record.shredded = true;
        changes.push(Effect::Shred { uid });
        self.save(uid, changes);
        Reply::Done
    }

    pub(super) fn report_destroyed(&mut self, uid: RoundUid, member: MemberId, changes: &mut Changes) -> Reply {
        let present = self.configuration().raft.contains(member);
        if let Some(round) = self.rounds.get_mut(&uid)
            && present
            && round.is_shredded()
            && round.record.destroyed_by.insert(member)
        {
            self.save(uid, changes);
        }
        Reply::Done
    }

    pub(super) fn expire(&mut self, uid: RoundUid, changes: &mut Changes) -> Reply {
        let now = self.clock();
        let until = self.live_round(uid).and_then(Round::retained_until);
        if until.is_some_and(|until| until <= now) {
            self.end(uid, EndCause::Expired, changes);
        }
        Reply::Done
    }

    pub(super) fn delete_round(&mut self, uid: RoundUid, changes: &mut Changes) -> Result<Reply, Rejection> {
        let round = self.round(uid).ok_or(Rejection::RoundNotFound { uid })?;
        if !round.is_ended() {
            self.end(uid, EndCause::Deleted, changes);
        }
        Ok(Reply::Done)
    }

    /// Ends a live round. Its record becomes the tombstone of its name and keeps nothing else.
    fn end(&mut self, uid: RoundUid, cause: EndCause, changes: &mut Changes) {
        let (at, limits) = (self.clock(), self.cluster.limits.clone());
        let Ok(round) = self.live_round_mut(uid) else { return };
        round.drop_content(changes);
        let workers = round.spec().expected.workers();
        round.record.spec = RoundSpec::new(Expected::Count(workers), &limits);
        round.record.published.clear();
        round.record.phase = Phase::Ended { cause, at };
        self.enter(uid, changes);
    }
}
