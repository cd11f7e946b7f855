//! One entry at a time: each group of commands in a file of its own.

mod end;
mod members;
mod publish;
mod report;
mod seal;
mod start;

use super::{Applied, Command, Effect, Entry, Limits, Rejection, Reply, Round, State};
use crate::ids::{ClusterTime, LogIndex, RoundUid};

/// What an entry changes beside the state itself.
struct Changes {
    index: LogIndex,
    effects: Vec<Effect>,
}

impl Changes {
    fn new(index: LogIndex) -> Self {
        Self { index, effects: Vec::new() }
    }

    fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    fn into_applied(self, reply: Result<Reply, Rejection>) -> Applied {
        Applied { reply, effects: self.effects }
    }
}

impl State {
    /// Applies a committed entry.
    pub fn apply(&mut self, index: LogIndex, entry: Entry) -> Applied {
        let mut changes = Changes::new(index);
        self.last_applied = index;
        self.advance_clock(entry.time, &mut changes);
        let reply = self.carry_out(entry.command, &mut changes);
        changes.into_applied(reply)
    }

    fn carry_out(&mut self, command: Command, changes: &mut Changes) -> Result<Reply, Rejection> {
        match command {
            Command::Tick => Ok(Reply::Done),
            Command::AllocateMember { instance, record, replaces } => self.allocate_member(instance, record, replaces),
            Command::RegisterMember { record } => self.register_member(record),
            Command::StartRound { uid, id, spec } => self.start_round(uid, id, spec, changes),
            Command::AppendChunk { uid, worker, upload, sequence, pairs } => {
                self.append_chunk(uid, publish::Chunk { worker, upload, sequence, encoded: pairs }, changes)
            }
            Command::CommitPublication { uid, worker, upload, chunks, pairs, digest } => {
                self.commit_publication(uid, publish::Commit { worker, upload, chunks, pairs, digest }, changes)
            }
            Command::AbortPublication { uid, worker, upload, idle_since } => {
                Ok(self.abort_publication(uid, &worker, upload, idle_since, changes))
            }
            Command::Seal { uid, reseal, plan } => self.seal(uid, reseal, plan, changes),
            Command::ReportEncoding { uid, reseal, member, outcome } => {
                Ok(self.report_encoding(uid, reseal, member, outcome, changes))
            }
            Command::ReportHeld { uid, member } => Ok(self.report_held(uid, member, changes)),
            Command::ReportLost { uid, member } => Ok(self.report_lost(uid, member, changes)),
            Command::Shred { uid } => Ok(self.shred(uid, changes)),
            Command::ReportDestroyed { uid, member } => Ok(self.report_destroyed(uid, member, changes)),
            Command::Fail { uid, expected, reason } => Ok(self.fail(uid, expected, reason, changes)),
            Command::Expire { uid } => Ok(self.expire(uid, changes)),
            Command::DeleteRound { uid } => self.delete_round(uid, changes),
        }
    }

    /// Moves the clock on, never back, and frees the names whose time has come.
    fn advance_clock(&mut self, time: ClusterTime, changes: &mut Changes) {
        self.cluster.clock = self.cluster.clock.max(time);
        while let Some(uid) = self.lookup.lapsed(self.cluster.clock) {
            if let Some(round) = self.rounds.remove(&uid) {
                self.lookup.forget(&round, &self.cluster.limits);
            }
            changes.push(Effect::RemoveRound { uid });
        }
    }

    /// A live round, to be changed.
    fn live_round_mut(&mut self, uid: RoundUid) -> Result<&mut Round, Rejection> {
        self.rounds.get_mut(&uid).filter(|round| !round.is_ended()).ok_or(Rejection::RoundNotFound { uid })
    }

    /// Notes that a round has changed: gives it a new revision and has it stored.
    fn save(&mut self, uid: RoundUid, changes: &mut Changes) {
        let Some(round) = self.rounds.get_mut(&uid) else { return };
        round.record.revision = changes.index;
        self.lookup.note(round, &self.cluster.limits);
        let effect = Effect::SaveRound { uid };
        if !changes.effects.contains(&effect) {
            changes.push(effect);
        }
    }

    /// As [`State::save`], for a round that has entered another phase.
    fn enter(&mut self, uid: RoundUid, changes: &mut Changes) {
        if let Some(round) = self.rounds.get_mut(&uid) {
            round.reserve(&self.cluster.limits);
        }
        self.save(uid, changes);
    }
}

impl Round {
    /// Fixes what the round reserves in its phase.
    pub(super) fn reserve(&mut self, limits: &Limits) {
        self.reserved = self.reservation(limits);
    }
}
