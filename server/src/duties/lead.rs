//! The leader's duties: what is due is proposed, once at a time.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use tokio::{
    select,
    task::{Id, JoinSet},
    time::sleep,
};

use super::voices::Voices;
use crate::{
    consensus::Consensus,
    ids::ClusterTime,
    sealing,
    state::{Command, Due, LeaderView, State},
};

/// What passes by itself, such as deadlines, is looked at this often; what failed is tried again after so long.
const PAUSE: Duration = Duration::from_millis(100);

/// An idle leader with armed timers moves cluster time this often, in milliseconds.
const TICK_MS: u64 = 1_000;

/// Proposals under way at a time. More would only wait in each other's way.
const UNDER_WAY: usize = 32;

/// Proposes what is due while `consensus` leads and has applied an entry of its own term. A voter that was not heard
/// for `silence` counts as away.
pub(crate) async fn lead(consensus: Consensus, silence: Duration) {
    let mut applied = consensus.applied();
    let mut voices = Voices::new(silence);
    let mut agenda = Agenda::default();
    let mut proposals = JoinSet::new();
    loop {
        for due in agenda.select(what_is_due(&consensus, &mut voices)) {
            let task = proposals.spawn(carry_out(consensus.clone(), due.clone()));
            agenda.begin(task.id(), due);
        }
        select! {
            changed = applied.changed() => {
                if changed.is_err() {
                    return;
                }
            }
            Some(ended) = proposals.join_next_with_id() => {
                agenda.end(ended.map_or_else(|error| error.id(), |(id, ())| id));
            }
            () = sleep(PAUSE) => {}
        }
    }
}

/// Nothing, unless this member leads.
fn what_is_due(consensus: &Consensus, voices: &mut Voices) -> Vec<Due> {
    let Some(now) = consensus.leader_time() else { return Vec::new() };
    let state = consensus.state();
    let active_voters = {
        let status = consensus.status();
        let status = status.borrow();
        voices.active_voters(Instant::now(), consensus.member_id(), &status, &state.configuration().raft)
    };
    duties(&state, now, &LeaderView { active_voters })
}

/// What a leader proposes at `now`.
fn duties(state: &State, now: ClusterTime, view: &LeaderView) -> Vec<Due> {
    let mut due = state.due(now, view);
    if is_tick_due(state, now) {
        due.push(Due::Command(Command::Tick));
    }
    due
}

/// Whether a timer is armed, and no entry has moved cluster time lately: a new leader goes on from there.
fn is_tick_due(state: &State, now: ClusterTime) -> bool {
    state.next_deadline().is_some() && state.clock().after(TICK_MS) <= now
}

/// Returns when it is applied, or should be looked at again.
async fn carry_out(consensus: Consensus, due: Due) {
    let (kind, outcome) = match due {
        Due::Command(command) => {
            (command.kind(), consensus.propose(command).await.map(drop).map_err(|error| error.to_string()))
        }
        Due::Seal { uid, reseal } => {
            ("seal", sealing::seal(&consensus, uid, reseal).await.map(drop).map_err(|error| error.to_string()))
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(kind, error, "a duty was not carried out; it is tried again if it is still due");
        sleep(PAUSE).await;
    }
}

/// What is under way, so that nothing is proposed twice at a time.
#[derive(Debug, Default)]
struct Agenda {
    under_way: HashMap<Id, Due>,
}

impl Agenda {
    /// Of what is due, that which should begin now.
    fn select(&self, due: Vec<Due>) -> Vec<Due> {
        let room = UNDER_WAY.saturating_sub(self.under_way.len());
        due.into_iter().filter(|due| !self.under_way.values().any(|begun| begun == due)).take(room).collect()
    }

    fn begin(&mut self, task: Id, due: Due) {
        self.under_way.insert(task, due);
    }

    fn end(&mut self, task: Id) {
        self.under_way.remove(&task);
    }
}

#[cfg(test)]
mod leader_changes;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::RoundUid;

    fn seal(round: u8) -> Due {
        Due::Seal { uid: RoundUid([round; 16]), reseal: 0 }
    }

    #[tokio::test]
    async fn what_is_under_way_is_not_begun_again_until_it_ends() {
        let mut agenda = Agenda::default();
        let task = tokio::spawn(async {}).id();
        assert_eq!(agenda.select(vec![seal(1), seal(2)]), [seal(1), seal(2)]);
        agenda.begin(task, seal(1));
        assert_eq!(agenda.select(vec![seal(1), seal(2)]), [seal(2)]);
        agenda.end(task);
        assert_eq!(agenda.select(vec![seal(1)]), [seal(1)]);
    }

    #[test]
    fn only_so_much_is_under_way_at_a_time() {
        let due: Vec<_> = (0..=u8::MAX).map(seal).collect();
        assert_eq!(Agenda::default().select(due).len(), UNDER_WAY);
    }
}
