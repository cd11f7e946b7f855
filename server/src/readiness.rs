//! When a node may be sent requests: a pure state machine over what was observed, and a clock that is passed in.
//!
//! Three kinds of checks:
//! * **at once**: whether the member votes, its disk takes writes, it is not fenced, and it is not draining;
//! * **held**: whether a leader was heard, this process has caught up since it started, committed entries are applied,
//!   and served rounds are here. They recover by themselves, so the node stays ready until some of them has failed for
//!   `fail_hold` without a break, and returns once all of them have held for `return_hold`;
//! * **liveness** is none of it: see [`Liveness`].
//!
//! A round that members still encode is never a reason, or every sealing would take all nodes out of service.

mod checks;
mod lag;
mod liveness;
mod rounds;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

pub use checks::{Check, CheckName, Verdict};
use lag::CommitLag;
pub use liveness::Liveness;
use rounds::RoundsSeen;

use crate::{
    config::ReadinessSection,
    ids::{LogIndex, RoundId, RoundUid},
    state::State,
};

/// A node's place in its cluster, as far as readiness cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its storage is not open yet.
    Starting,
    /// It belongs to no cluster.
    Uninitialised,
    /// It is in a cluster and does not vote.
    NotVoting,
    /// It votes.
    Voter,
    /// It was removed.
    Removed,
}

/// A served round: Ready, not expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedRound {
    /// Its name, for people.
    pub id: RoundId,
    /// Whether this node holds its encoding.
    pub held: bool,
}

impl ServedRound {
    /// Every round that `state` serves, of which a node holds those in `held`. What is still encoded is none of them.
    pub fn all(state: &State, held: &BTreeSet<RoundUid>) -> BTreeMap<RoundUid, Self> {
        let served = state.live_rounds().filter(|round| round.ready().is_some());
        served.map(|round| (round.uid(), Self { id: round.id().clone(), held: held.contains(&round.uid()) })).collect()
    }
}

/// What a node sees of itself at one moment.
#[derive(Debug, Clone)]
pub struct Observation {
    /// Its place in its cluster.
    pub standing: Standing,
    /// When the present term's leader was last heard.
    pub leader_heard: Option<Instant>,
    /// Highest index known to be committed.
    pub commit: LogIndex,
    /// Highest index applied.
    pub applied: LogIndex,
    /// Whether a read index that was taken after start has been applied.
    pub caught_up: bool,
    /// Every round that the cluster serves.
    pub rounds: BTreeMap<RoundUid, ServedRound>,
    /// Why its disk does not take writes.
    pub disk_fault: Option<String>,
    /// Why it serves nothing any more.
    pub fence: Option<String>,
    /// Whether it is about to stop.
    pub draining: bool,
}

/// How long the held checks have been as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// They hold for readiness.
    Ready {
        /// Since when one of them has failed without a break.
        failing_since: Option<Instant>,
    },
    /// They do not.
    NotReady {
        /// Since when all of them have held.
        holding_since: Option<Instant>,
    },
}

/// Whether a node is ready, and why not.
#[derive(Debug)]
pub struct Readiness {
    settings: ReadinessSection,
    held: Held,
    lag: CommitLag,
    rounds: RoundsSeen,
}

impl Readiness {
    /// Of a node that just started: not ready until the held checks have held for `return_hold`.
    pub fn new(settings: ReadinessSection) -> Self {
        Self {
            settings,
            held: Held::NotReady { holding_since: None },
            lag: CommitLag::default(),
            rounds: RoundsSeen::default(),
        }
    }

    /// Takes what is seen at `now`, and says whether the node is ready. `now` must not go back.
    pub fn observe(&mut self, now: Instant, seen: &Observation) -> Verdict {
        let recovering = [
            self.leader(now, seen),
            Check::new(CheckName::CaughtUp, seen.caught_up, || {
                "has not yet caught up with the cluster since it started".to_owned()
            }),
            self.apply_lag(now, seen),
            self.rounds_held(now, seen),
        ];
        let all = recovering.iter().all(|check| check.ok);
        self.held = self.held.next(now, all, &self.settings);
        let at_once = [
            Check::new(CheckName::Voter, seen.standing == Standing::Voter, || seen.standing.sentence().to_owned()),
            Check::new(CheckName::Disk, seen.disk_fault.is_none(), || seen.disk_fault.clone().unwrap_or_default()),
            Check::new(CheckName::Fenced, seen.fence.is_none(), || seen.fence.clone().unwrap_or_default()),
            Check::new(CheckName::Draining, !seen.draining, || "is about to stop".to_owned()),
        ];
        let ready = matches!(self.held, Held::Ready { .. }) && at_once.iter().all(|check| check.ok);
        let note = self.held.note(now, all, &self.settings);
        Verdict { ready, checks: at_once.into_iter().chain(recovering).collect(), note }
    }

    fn leader(&self, now: Instant, seen: &Observation) -> Check {
        let silence = seen.leader_heard.map(|heard| now.saturating_duration_since(heard));
        let ok = silence.is_some_and(|silence| silence <= self.settings.leader_silence);
        Check::new(CheckName::Leader, ok, || match silence {
            Some(silence) => format!("no leader was heard for {}", seconds(silence)),
            None => "no leader was heard in the present term".to_owned(),
        })
    }

    fn apply_lag(&mut self, now: Instant, seen: &Observation) -> Check {
        let lag = self.lag.observe(now, seen.commit, seen.applied);
        Check::new(CheckName::ApplyLag, lag <= self.settings.apply_lag, || {
            format!("has applied {} of {} committed entries, {} late", seen.applied, seen.commit, seconds(lag))
        })
    }

    fn rounds_held(&mut self, now: Instant, seen: &Observation) -> Check {
        let missing = self.rounds.missing(now, &seen.rounds, seen.caught_up, self.settings.new_round_grace);
        Check::new(CheckName::RoundsHeld, missing.is_empty(), || {
            /// More names would not help.
            const NAMED: usize = 5;
            let names: Vec<String> = missing.iter().take(NAMED).map(ToString::to_string).collect();
            let more = if missing.len() > NAMED { ", .." } else { "" };
            format!("does not hold {} of {} rounds: {}{more}", missing.len(), seen.rounds.len(), names.join(", "))
        })
    }
}

impl Held {
    fn next(self, now: Instant, all: bool, settings: &ReadinessSection) -> Self {
        let (failing, holding) = match self {
            Self::Ready { failing_since } => (failing_since, None),
            Self::NotReady { holding_since } => (None, holding_since),
        };
        let since = |earlier: Option<Instant>| earlier.unwrap_or(now);
        let lasted = |since: Instant, hold: Duration| now.saturating_duration_since(since) >= hold;
        match (self, all) {
            (Self::Ready { .. }, true) => Self::Ready { failing_since: None },
            (Self::Ready { .. }, false) if lasted(since(failing), settings.fail_hold) => {
                Self::NotReady { holding_since: None }
            }
            (Self::Ready { .. }, false) => Self::Ready { failing_since: Some(since(failing)) },
            (Self::NotReady { .. }, false) => Self::NotReady { holding_since: None },
            (Self::NotReady { .. }, true) if lasted(since(holding), settings.return_hold) => {
                Self::Ready { failing_since: None }
            }
            (Self::NotReady { .. }, true) => Self::NotReady { holding_since: Some(since(holding)) },
        }
    }

    /// What waiting explains that the checks alone do not.
    fn note(self, now: Instant, all: bool, settings: &ReadinessSection) -> Option<String> {
        let left = |since: Instant, hold: Duration| seconds(hold.saturating_sub(now.saturating_duration_since(since)));
        match self {
            Self::Ready { failing_since: Some(since) } => {
                Some(format!("a failing check is tolerated for another {}", left(since, settings.fail_hold)))
            }
            Self::NotReady { holding_since: Some(since) } if all => {
                Some(format!("checks must hold for another {}", left(since, settings.return_hold)))
            }
            _ => None,
        }
    }
}

impl Standing {
    fn sentence(self) -> &'static str {
        match self {
            Self::Starting => "storage is not open yet",
            Self::Uninitialised => "belongs to no cluster; see silhouettectl cluster create",
            Self::NotVoting => "does not vote yet",
            Self::Voter => "votes",
            Self::Removed => "was removed from its cluster",
        }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests;
