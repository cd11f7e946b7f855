//! What a leader shall propose now: seals, deadlines, shreds, the end of retention.

use std::collections::BTreeSet;

use super::{Command, ExpectedPhase, Held, OnDeadline, Phase, Publication, Round, Sealing, State, majority::Verdict};
use crate::ids::{ClusterTime, MemberId, RoundUid};

/// What a leader knows beyond the state.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeaderView {
    /// Voters that it has heard from lately, itself included.
    pub active_voters: BTreeSet<MemberId>,
}

/// Something to propose. Proposing it twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// This very command.
    Command(Command),
    /// A sealing with fresh seeds: [`State::seal_plan`] makes its plan.
    Seal {
        /// The round.
        uid: RoundUid,
        /// Which sealing.
        reseal: u32,
    },
}

impl State {
    /// What a leader shall propose at `now`: rounds in the order in which they were started, then what has ended.
    pub fn due(&self, now: ClusterTime, view: &LeaderView) -> Vec<Due> {
        let mut due: Vec<Due> = self.live_rounds().flat_map(|round| self.due_of(round, now, view)).collect();
        due.extend(self.lookup.unshredded().map(|uid| Due::Command(Command::Shred { uid })));
        due
    }

    fn due_of(&self, round: &Round, now: ClusterTime, view: &LeaderView) -> Vec<Due> {
        match round.phase() {
            Phase::Open => self.due_of_open(round, now),
            Phase::Sealed(sealing) => self.due_of_sealed(round, sealing, now).into_iter().collect(),
            Phase::Ready(held) => {
                let mut due = Vec::new();
                if self.is_shred_due(round, held, now, view) {
                    due.push(Due::Command(Command::Shred { uid: round.uid() }));
                }
                due.extend(due_expiry(round, now));
                due
            }
            Phase::Failed { .. } => {
                let shred = (!round.is_shredded()).then(|| Due::Command(Command::Shred { uid: round.uid() }));
                shred.into_iter().chain(due_expiry(round, now)).collect()
            }
            Phase::Ended { .. } => Vec::new(),
        }
    }

    fn due_of_open(&self, round: &Round, now: ClusterTime) -> Vec<Due> {
        let uid = round.uid();
        if round.has_missed_deadline(now) {
            let (published, expected) = (round.record.published.len(), round.spec().expected.workers());
            let reason = format!("its deadline passed when {published} of {expected} workers had published");
            return vec![Due::Command(Command::Fail { uid, expected: ExpectedPhase::Open, reason })];
        }
        if round.is_complete() || round.is_past_deadline(now) {
            return vec![Due::Seal { uid, reseal: 0 }];
        }
        let idle = round.secret.publications.iter().filter_map(|(worker, publication)| match publication {
            Publication::Staged(staged) if staged.active_at.after(self.limits().staging_idle_ms) <= now => {
                Some(Due::Command(Command::AbortPublication {
                    uid,
                    worker: worker.clone(),
                    upload: staged.upload,
                    idle_since: staged.active_at,
                }))
            }
            _ => None,
        });
        idle.collect()
    }

    fn due_of_sealed(&self, round: &Round, sealing: &Sealing, now: ClusterTime) -> Option<Due> {
        if !self.is_without_agreement(round, sealing, now) {
            return None;
        }
        let (uid, reseal) = (round.uid(), sealing.reseal);
        if reseal < self.limits().max_reseals {
            return Some(Due::Seal { uid, reseal: reseal + 1 });
        }
        let reason = format!("its members could not agree on an encoding in {} sealings", u64::from(reseal) + 1);
        Some(Due::Command(Command::Fail { uid, expected: ExpectedPhase::Sealed { reseal }, reason }))
    }

    /// Whether no more is waited for members to agree on an encoding: nothing can win, or nothing has won for too long.
    pub(super) fn is_without_agreement(&self, round: &Round, sealing: &Sealing, now: ClusterTime) -> bool {
        let waited = sealing.disagreed_at.is_some_and(|since| since.after(self.limits().reseal_wait_ms) <= now);
        waited || self.configuration().raft.verdict(&round.record.reports) == Verdict::Hopeless
    }

    fn is_shred_due(&self, round: &Round, held: &Held, now: ClusterTime, view: &LeaderView) -> bool {
        let held_by_all = !view.active_voters.is_empty() && view.active_voters.is_subset(&held.held_by);
        !round.is_shredded() && (held_by_all || held.ready_at.after(self.limits().shred_grace_ms) <= now)
    }

    /// When the next timer fires; `None` if none is armed and an idle leader need not log ticks.
    ///
    /// Names that are retired count for nothing: whoever wants one back brings the time along.
    pub fn next_deadline(&self) -> Option<ClusterTime> {
        let ended = self.lookup.unshredded().next().map(|_| self.clock());
        self.live_rounds().filter_map(|round| self.next_deadline_of(round)).chain(ended).min()
    }

    fn next_deadline_of(&self, round: &Round) -> Option<ClusterTime> {
        let limits = self.limits();
        let at_once = self.clock();
        match round.phase() {
            Phase::Open if round.is_complete() => Some(at_once),
            Phase::Open => {
                let staged = round.secret.publications.values().filter_map(|publication| match publication {
                    Publication::Staged(staged) => Some(staged.active_at.after(limits.staging_idle_ms)),
                    Publication::Published(_) => None,
                });
                staged.chain(round.deadline()).min()
            }
            Phase::Sealed(sealing) => sealing.disagreed_at.map(|since| since.after(limits.reseal_wait_ms)),
            Phase::Ready(held) if !round.is_shredded() => {
                round.retained_until().into_iter().chain([held.ready_at.after(limits.shred_grace_ms)]).min()
            }
            Phase::Failed { .. } if !round.is_shredded() => Some(at_once),
            Phase::Ready(_) | Phase::Failed { .. } => round.retained_until(),
            Phase::Ended { .. } => None,
        }
    }
}

impl Round {
    fn is_past_deadline(&self, now: ClusterTime) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// Whether it is open, past a deadline at which it fails, and somebody is missing. Whoever is the last to publish
    /// before the round is closed completes it, be it after the deadline.
    pub(super) fn has_missed_deadline(&self, now: ClusterTime) -> bool {
        self.is_past_deadline(now) && self.spec().on_deadline == OnDeadline::Fail && !self.is_complete()
    }
}

fn due_expiry(round: &Round, now: ClusterTime) -> Option<Due> {
    let passed = round.retained_until().is_some_and(|until| until <= now);
    passed.then(|| Due::Command(Command::Expire { uid: round.uid() }))
}
