//! Leaders change at each moment around a deadline, under a fake clock: the round closes once, by an entry, and cluster
//! time neither goes back nor runs on while nobody leads.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::duties;
use crate::{
    consensus::clock::LeaderClock,
    ids::{ClusterTime, Digest, LogIndex, MemberId, RoundUid, UploadId},
    service::scenario::founder,
    state::{Command, Due, Entry, Expected, LeaderView, Limits, OnDeadline, PhaseName, RoundSpec, State},
};

const UID: RoundUid = RoundUid([1; 16]);
/// Milliseconds between two looks of a leader at what is due.
const STEP_MS: u64 = 100;
const DEADLINE_MS: u64 = 4_000;
const END_MS: u64 = 12_000;

/// What becomes of entries that a leader proposed and did not see committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nobody has them.
    Lost,
    /// The next leader has them, and commits them before anything of its own.
    Kept,
    /// They turn up long after: raft does not let them, but nothing here shall depend on that.
    Late,
}

/// One run.
#[derive(Debug, Clone, Copy)]
struct Scene {
    on_deadline: OnDeadline,
    /// When the first leader falls, and the second so much later.
    falls: [u64; 2],
    /// How long nobody leads then.
    leaderless: u64,
    /// How long an entry takes to be committed.
    latency: u64,
    fate: Fate,
    /// When the last worker commits, if it does.
    last_commit: Option<u64>,
}

/// Members that apply one log.
struct Cluster {
    scene: Scene,
    start: Instant,
    now: u64,
    members: [State; 3],
    clocks: [LeaderClock; 3],
    /// Entries that were committed.
    committed: u64,
    /// Entries on their way, by when they are committed.
    coming: BTreeMap<u64, Vec<Entry>>,
    /// Milliseconds in which somebody led.
    led: u64,
    /// When and by what the round was closed.
    closed: Vec<(u64, &'static str, PhaseName)>,
}

/// A worker publishes nothing.
fn publish(worker: &str) -> Command {
    Command::CommitPublication {
        uid: UID,
        worker: worker.parse().expect("a worker's name"),
        upload: UploadId([1; 16]),
        chunks: 0,
        pairs: 0,
        digest: Digest(silhouette_proto::content_digest(&mut [])),
    }
}

impl Cluster {
    fn new(scene: Scene) -> Self {
        let state = || State::bootstrap("c".parse().expect("a cluster id"), 1, founder(), Limits::default());
        let mut cluster = Self {
            scene,
            start: Instant::now(),
            now: 0,
            members: [(); 3].map(|()| state()),
            clocks: [(); 3].map(|()| LeaderClock::default()),
            committed: 0,
            coming: BTreeMap::new(),
            led: 0,
            closed: Vec::new(),
        };
        let spec = RoundSpec {
            deadline_ms: Some(DEADLINE_MS),
            on_deadline: scene.on_deadline,
            ..RoundSpec::new(Expected::Count(2), &Limits::default())
        };
        let id = "r1".parse().expect("a round id");
        for command in [Command::StartRound { uid: UID, id, spec }, publish("early")] {
            cluster.commit(&Entry { time: ClusterTime(0), command });
        }
        cluster
    }

    fn moment(&self) -> Instant {
        self.start + Duration::from_millis(self.now)
    }

    /// Every member applies an entry.
    fn commit(&mut self, entry: &Entry) {
        self.committed += 1;
        let index = LogIndex(self.committed + 1);
        let kind = entry.command.kind();
        let phase = |member: &State| member.round(UID).map(|round| round.phase().name());
        let before = phase(&self.members[0]);
        for member in &mut self.members {
            drop(member.apply(index, entry.clone()));
        }
        let after = phase(&self.members[0]);
        if before == Some(PhaseName::Open) && after != before {
            self.closed.extend(after.map(|phase| (self.now, kind, phase)));
        }
    }

    /// A leader proposes what is due by its own clock. Entries are committed later, if at all.
    fn lead(&self, leader: usize) -> Vec<Entry> {
        let Some(time) = self.clocks[leader].at(self.moment()) else { return Vec::new() };
        let state = &self.members[leader];
        let seed = [leader as u8; 32];
        let due = duties(state, time, &LeaderView { active_voters: [MemberId(1)].into() });
        let commands = due.into_iter().filter_map(|due| match due {
            Due::Command(command) => Some(command),
            Due::Seal { uid, reseal } => {
                Some(Command::Seal { uid, reseal, plan: state.seal_plan(uid, seed, seed).ok()? })
            }
        });
        let last =
            self.scene.last_commit.filter(|at| (*at..*at + STEP_MS).contains(&self.now)).map(|_| publish("late"));
        last.into_iter().chain(commands).map(|command| Entry { time, command }).collect()
    }

    /// One look of `leader`, and whatever is committed until the next.
    fn step(&mut self, leader: Option<usize>) {
        let due = self.coming.split_off(&(self.now + 1));
        for entry in std::mem::replace(&mut self.coming, due).into_values().flatten() {
            self.commit(&entry);
        }
        if let Some(leader) = leader {
            // It has applied all there is: its clock goes on from the state's.
            if self.clocks[leader].at(self.moment()).is_none() {
                self.clocks[leader].start(self.members[leader].clock(), self.moment());
            }
            let entries = self.lead(leader);
            self.coming.entry(self.now + self.scene.latency).or_default().extend(entries);
            self.led += STEP_MS;
        }
        self.now += STEP_MS;
    }

    /// `leader` is cut off. For a while it does not know and goes on proposing.
    fn fall(&mut self, leader: usize) {
        let pending = std::mem::take(&mut self.coming).into_values().flatten();
        let fallen = self.now;
        let mut unheard = Vec::new();
        for _ in 0..5 {
            self.now += STEP_MS;
            unheard.extend(self.lead(leader));
        }
        self.now = fallen;
        self.clocks[leader].stop();
        match self.scene.fate {
            Fate::Lost => {}
            Fate::Kept => pending.for_each(|entry| self.commit(&entry)),
            Fate::Late => self.coming.entry(self.now + 1_500).or_default().extend(pending.chain(unheard)),
        }
    }

    fn run(&mut self) {
        let [first, second] = self.scene.falls;
        while self.now < END_MS {
            self.step(Some(match self.now {
                now if now < first => 0,
                now if now < first + self.scene.leaderless + second => 1,
                _ => 2,
            }));
            for (leader, at) in [(0, first), (1, first + self.scene.leaderless + second)] {
                if self.now == at {
                    self.fall(leader);
                    while self.now < at + self.scene.leaderless {
                        self.step(None);
                    }
                }
            }
        }
    }

    fn check(&self) {
        let scene = self.scene;
        let [(at, kind, phase)] = self.closed[..] else { panic!("{scene:?}: closed {:?}", self.closed) };
        let state = &self.members[0];
        let round = state.round(UID).expect("the round");
        let complete = round.record.published.len() == 2;
        match (scene.on_deadline, complete) {
            (OnDeadline::Fail, false) => assert_eq!((kind, phase), ("fail", PhaseName::Failed), "{scene:?}"),
            _ => assert_eq!((kind, phase), ("seal", PhaseName::Sealed), "{scene:?}"),
        }
        // Each change of leaders costs the time that nobody led and what had passed since the last entry.
        let deadline = DEADLINE_MS + 2 * (scene.leaderless + 1_000 + scene.latency) + scene.latency + 2 * STEP_MS;
        assert!(at <= deadline, "{scene:?}: closed at {at}");
        assert!(complete || at >= DEADLINE_MS, "{scene:?}: closed at {at}");
        assert!(state.clock().0 <= self.led, "{scene:?}: {} passed, led for {}", state.clock(), self.led);
        let digests: Vec<Digest> =
            self.members.iter().map(|member| member.inspect(&[0; 32], std::iter::empty())).collect();
        assert!(digests.iter().all(|digest| *digest == digests[0]), "{scene:?}");
        assert!(self.lead(2).iter().all(|entry| matches!(entry.command, Command::Tick | Command::Shred { .. })));
    }
}

#[test]
fn whenever_leaders_change_a_round_closes_once_and_by_an_entry() {
    let falls = (DEADLINE_MS - 1_500..DEADLINE_MS + 700).step_by(STEP_MS as usize);
    for first in falls {
        for fate in [Fate::Lost, Fate::Kept, Fate::Late] {
            for on_deadline in [OnDeadline::Fail, OnDeadline::Seal] {
                for (second, leaderless, latency) in [(400, 0, 0), (600, 300, 200), (1_500, 1_000, 100)] {
                    for last_commit in [None, Some(DEADLINE_MS - 100), Some(DEADLINE_MS), Some(DEADLINE_MS + 200)] {
                        let falls = [first, second];
                        let scene = Scene { on_deadline, falls, leaderless, latency, fate, last_commit };
                        let mut cluster = Cluster::new(scene);
                        cluster.run();
                        cluster.check();
                    }
                }
            }
        }
    }
}
