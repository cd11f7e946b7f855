//! Exact delays, under a clock that the test moves.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MOMENT: Duration = Duration::from_millis(1);

/// A node whose observations and clock a test sets.
struct Node {
    readiness: Readiness,
    now: Instant,
    seen: Observation,
    /// Whether a leader is heard at every step.
    leader_speaks: bool,
}

impl Node {
    /// Just started: votes, hears a leader, has not caught up.
    fn starting() -> Self {
        let now = Instant::now();
        Self {
            readiness: Readiness::new(ReadinessSection::default()),
            now,
            seen: Observation {
                standing: Standing::Voter,
                leader_heard: Some(now),
                commit: LogIndex(5),
                applied: LogIndex(5),
                caught_up: false,
                rounds: BTreeMap::new(),
                disk_fault: None,
                fence: None,
                draining: false,
            },
            leader_speaks: true,
        }
    }

    /// One that has been ready for a while.
    fn ready() -> Self {
        let mut node = Self::starting();
        node.seen.caught_up = true;
        node.passes(3 * SECOND);
        assert!(node.is_ready());
        node
    }

    fn verdict(&mut self) -> Verdict {
        if self.leader_speaks {
            self.seen.leader_heard = Some(self.now);
        }
        self.readiness.observe(self.now, &self.seen)
    }

    fn is_ready(&mut self) -> bool {
        self.verdict().ready
    }

    fn failing(&mut self) -> Vec<CheckName> {
        self.verdict().checks.into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
    }

    /// Lets time pass, observing often.
    fn passes(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.verdict();
            self.now = (self.now + SECOND / 10).min(end);
        }
    }

    /// Whether it turns unready after exactly `hold` from now, and not a moment before.
    fn drops_after(&mut self, hold: Duration) {
        assert!(self.is_ready());
        self.passes(hold.saturating_sub(MOMENT));
        assert!(self.is_ready(), "{:?}", self.verdict());
        self.passes(MOMENT);
        assert!(!self.is_ready());
    }

    /// Whether it turns ready after exactly `hold` from now, and not a moment before.
    fn returns_after(&mut self, hold: Duration) {
        assert!(!self.is_ready());
        self.passes(hold.saturating_sub(MOMENT));
        assert!(!self.is_ready());
        self.passes(MOMENT);
        assert!(self.is_ready(), "{:?}", self.verdict());
    }

    fn serves(&mut self, uid: u8, held: bool) {
        let id = format!("r{uid}").parse().expect("a round id");
        self.seen.rounds.insert(RoundUid([uid; 16]), ServedRound { id, held });
    }
}

#[test]
fn a_start_ends_two_seconds_after_the_node_has_caught_up() {
    let mut node = Node::starting();
    node.passes(60 * SECOND);
    assert_eq!(node.failing(), [CheckName::CaughtUp]);
    node.seen.caught_up = true;
    node.returns_after(2 * SECOND);
}

#[test]
fn a_silent_leader_counts_after_three_seconds_and_ten_more() {
    let mut node = Node::ready();
    node.verdict();
    node.leader_speaks = false;
    node.passes(3 * SECOND);
    assert_eq!(node.failing(), []);
    node.passes(MOMENT);
    assert_eq!(node.failing(), [CheckName::Leader]);
    node.drops_after(10 * SECOND);
    node.leader_speaks = true;
    node.returns_after(2 * SECOND);
}

#[test]
fn a_leader_that_speaks_again_in_time_starts_the_count_anew() {
    let mut node = Node::ready();
    node.leader_speaks = false;
    node.passes(12 * SECOND);
    node.leader_speaks = true;
    assert!(node.is_ready());
    node.passes(SECOND);
    node.leader_speaks = false;
    node.passes(12 * SECOND);
    assert!(node.is_ready());
}

#[test]
fn a_return_that_is_interrupted_starts_anew() {
    let mut node = Node::ready();
    node.leader_speaks = false;
    node.passes(14 * SECOND);
    node.leader_speaks = true;
    node.passes(SECOND);
    node.seen.leader_heard = None;
    node.leader_speaks = false;
    assert!(!node.is_ready());
    node.leader_speaks = true;
    node.returns_after(2 * SECOND);
}

#[test]
fn checks_that_fail_in_turn_without_a_break_count_together() {
    let mut node = Node::ready();
    node.seen.leader_heard = None;
    node.leader_speaks = false;
    node.passes(6 * SECOND);
    node.leader_speaks = true;
    node.seen.caught_up = false;
    node.drops_after(4 * SECOND);
}

#[test]
fn entries_may_wait_five_seconds_to_be_applied() {
    let mut node = Node::ready();
    node.seen.commit = LogIndex(6);
    node.verdict();
    node.passes(5 * SECOND);
    assert_eq!(node.failing(), []);
    node.passes(MOMENT);
    assert_eq!(node.failing(), [CheckName::ApplyLag]);
    node.seen.applied = LogIndex(6);
    assert_eq!(node.failing(), []);
}

#[test]
fn applying_steadily_behind_a_steady_commit_is_no_reason() {
    let mut node = Node::ready();
    for _ in 0..200 {
        node.seen.commit.0 += 1;
        node.verdict();
        node.passes(SECOND / 10);
        node.seen.applied.0 = node.seen.applied.0.max(node.seen.commit.0.saturating_sub(10));
        assert_eq!(node.failing(), []);
    }
}

#[test]
fn a_newly_ready_round_has_sixty_seconds() {
    let mut node = Node::ready();
    node.serves(1, false);
    node.verdict();
    node.passes((60 * SECOND).saturating_sub(MOMENT));
    assert_eq!(node.failing(), []);
    node.passes(MOMENT);
    assert_eq!(node.failing(), [CheckName::RoundsHeld]);
    node.drops_after(10 * SECOND);
    node.serves(1, true);
    node.returns_after(2 * SECOND);
}

#[test]
fn rounds_that_become_ready_one_after_another_never_take_a_node_out() {
    let mut node = Node::ready();
    for uid in 0..100 {
        node.serves(uid, false);
        node.passes(30 * SECOND);
        assert!(node.is_ready());
        node.serves(uid, true);
    }
}

#[test]
fn at_start_a_round_has_no_grace() {
    let mut node = Node::starting();
    node.seen.caught_up = true;
    node.serves(1, false);
    node.passes(30 * SECOND);
    assert_eq!(node.failing(), [CheckName::RoundsHeld]);
    node.serves(1, true);
    node.returns_after(2 * SECOND);
    node.serves(2, false);
    node.passes(30 * SECOND);
    assert!(node.is_ready());
}

#[test]
fn a_round_that_is_served_no_more_is_no_reason() {
    let mut node = Node::ready();
    node.serves(1, false);
    node.passes(65 * SECOND);
    assert_eq!(node.failing(), [CheckName::RoundsHeld]);
    node.seen.rounds.clear();
    assert_eq!(node.failing(), []);
    node.serves(1, false);
    assert_eq!(node.failing(), []);
}

#[test]
fn disk_fence_drain_and_vote_act_at_once_both_ways() {
    type Change = fn(&mut Observation);
    let changes: [(Change, Change, CheckName); 4] = [
        (|seen| seen.disk_fault = Some("full".to_owned()), |seen| seen.disk_fault = None, CheckName::Disk),
        (|seen| seen.fence = Some("differs".to_owned()), |seen| seen.fence = None, CheckName::Fenced),
        (|seen| seen.draining = true, |seen| seen.draining = false, CheckName::Draining),
        (|seen| seen.standing = Standing::NotVoting, |seen| seen.standing = Standing::Voter, CheckName::Voter),
    ];
    for (spoil, mend, name) in changes {
        let mut node = Node::ready();
        spoil(&mut node.seen);
        assert!(!node.is_ready());
        assert_eq!(node.failing(), [name]);
        mend(&mut node.seen);
        assert!(node.is_ready());
    }
}
