//! What sixteen workers, the leader's timers and the members do next, by a seed.

use std::collections::{BTreeMap, BTreeSet};

use silhouette_server::{
    ids::{Digest, MemberId, RoundUid},
    state::{
        Command, Due, EncodingOutcome, MemberAction, MemberRecord, OnConflict, OnDeadline, RaftConfiguration,
        Rejection, Reply, RoundSpec,
    },
};

use crate::{
    dice::Dice,
    machine::{Machine, append, commit, member_record, round_id, spec, uid, upload, voters, worker},
};

pub(super) const WORKERS: usize = 16;
const ROUNDS: u8 = 2;
const ACTIONS: u32 = 240;

/// Pairs of a chunk or of a publication.
pub(super) type Pairs = Vec<(String, String)>;

/// What happens next.
pub(super) enum Action {
    /// These entries.
    Commands(Vec<Command>),
    /// A membership change.
    Change { parts: Vec<(u64, MemberAction)>, raft: RaftConfiguration },
    /// A new member joins.
    Learner(u64),
}

/// A worker and what it publishes to one round.
struct Publisher {
    round: u8,
    name: String,
    /// Counts its processes: each begins its upload anew.
    by: u8,
    chunks: Vec<Pairs>,
    /// Chunks that were acknowledged.
    sent: u64,
    done: bool,
}

/// A schedule.
pub(super) struct Schedule {
    dice: Dice,
    rules: [OnConflict; ROUNDS as usize],
    publishers: Vec<Publisher>,
    membership_changes: u8,
    left: u32,
}

impl Schedule {
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let rules = [(); ROUNDS as usize].map(|()| match dice.roll(3) {
            0 => OnConflict::Reject,
            1 => OnConflict::First,
            _ => OnConflict::Last,
        });
        let mut publishers = Vec::new();
        for (round, rule) in (1..).zip(rules) {
            for number in 0..WORKERS {
                let name = format!("w{number}");
                let chunks = content(&mut dice, rule, &name);
                publishers.push(Publisher { round, name, by: 1, chunks, sent: 0, done: false });
            }
        }
        Self { dice, rules, publishers, membership_changes: 0, left: ACTIONS }
    }

    /// How long nothing happens, and what happens then; `None` at the end.
    pub(super) fn next(
        &mut self,
        machine: &Machine,
        outcomes: &BTreeMap<(RoundUid, u32), EncodingOutcome>,
    ) -> Option<(u64, Action)> {
        self.left = self.left.checked_sub(1)?;
        let waited = if self.dice.one_in(20) { self.dice.roll(20_000) } else { self.dice.roll(40) };
        let n = 1 + self.dice.roll(u64::from(ROUNDS)) as u8;
        let member = MemberId(1 + self.dice.roll(4));
        let commands = match self.dice.roll(40) {
            _ if machine.rounds().count() < usize::from(ROUNDS) => vec![self.start(machine.rounds().count() as u8 + 1)],
            0 => vec![self.start(n)],
            1..29 => self.publish(machine),
            29..34 => self.report(machine, outcomes).into_iter().collect(),
            34 => vec![Command::ReportHeld { uid: uid(n), member }, Command::ReportDestroyed { uid: uid(n), member }],
            39 if self.dice.one_in(2) => vec![Command::ReportLost { uid: uid(n), member }],
            35 if self.dice.one_in(4) => return Some((waited, self.change_members())),
            36 if self.dice.one_in(12) => vec![Command::DeleteRound { uid: uid(n) }],
            37 => vec![Command::RegisterMember {
                record: MemberRecord { memory_budget_bytes: 4 << 30, ..member_record(2) },
            }],
            38 if self.dice.one_in(8) => self.seal(machine, uid(n), 0).into_iter().collect(),
            _ => self.due(machine),
        };
        Some((waited, Action::Commands(commands)))
    }

    fn start(&mut self, n: u8) -> Command {
        // The same for each round, so that starting it again finds it as it is.
        let mut dice = Dice(u64::from(n));
        let spec = RoundSpec {
            on_conflict: self.rules[usize::from(n) - 1],
            deadline_ms: (n == 2).then_some(60_000),
            on_deadline: if self.rules[0] == OnConflict::First { OnDeadline::Fail } else { OnDeadline::Seal },
            retention_ms: 30_000 + dice.roll(10_000),
            ..spec(WORKERS as u32)
        };
        Command::StartRound { uid: uid(n), id: round_id(n), spec }
    }

    /// A worker goes on, or something happens to it.
    fn publish(&mut self, machine: &Machine) -> Vec<Command> {
        let at = self.dice.roll(self.publishers.len() as u64) as usize;
        let (dice, publisher) = (&mut self.dice, &mut self.publishers[at]);
        let rule = self.rules[usize::from(publisher.round) - 1];
        match dice.roll(30) {
            // Another process takes over.
            0 if !publisher.done => {
                publisher.restart(content(dice, rule, &publisher.name));
                vec![publisher.append(0)]
            }
            // What an earlier process sent arrives late.
            1 => vec![Publisher { by: publisher.by.saturating_sub(1), ..publisher.clone_of() }.append(0)],
            // A chunk comes again, or too early.
            2 => vec![publisher.append(dice.roll(3))],
            // A commit comes too early, or again.
            3 => vec![publisher.commit()],
            4 => vec![Command::AbortPublication {
                uid: uid(publisher.round),
                worker: worker(&publisher.name),
                upload: upload(publisher.by),
                idle_since: machine.now,
            }],
            _ if publisher.sent < publisher.chunks.len() as u64 => vec![publisher.append(publisher.sent)],
            // Small publications come whole.
            _ => vec![publisher.commit()],
        }
    }

    /// What an encoding, or a failure to encode, makes a member say of a sealed round.
    fn report(&mut self, machine: &Machine, outcomes: &BTreeMap<(RoundUid, u32), EncodingOutcome>) -> Option<Command> {
        let sealed: Vec<_> =
            machine.rounds().filter(|round| outcomes.contains_key(&(round.uid(), round.reseal()))).collect();
        let round = sealed.get(self.dice.roll(sealed.len().max(1) as u64) as usize)?;
        let (uid, reseal) = (round.uid(), round.reseal());
        let outcome = match (self.dice.roll(8), outcomes[&(uid, reseal)]) {
            (0..3, _) => EncodingOutcome::Failed,
            (3, EncodingOutcome::Encoded { input, hint, .. }) => {
                EncodingOutcome::Encoded { input, encoding: Digest([9; 32]), hint }
            }
            (_, outcome) => outcome,
        };
        Some(Command::ReportEncoding { uid, reseal, member: MemberId(1 + self.dice.roll(4)), outcome })
    }

    fn seal(&mut self, machine: &Machine, uid: RoundUid, reseal: u32) -> Option<Command> {
        let (hash_seed, cell_seed) = ([self.dice.roll(256) as u8; 32], [self.dice.roll(256) as u8; 32]);
        Some(Command::Seal { uid, reseal, plan: machine.seal_plan(uid, hash_seed, cell_seed).ok()? })
    }

    /// What the leader's timers ask for.
    fn due(&mut self, machine: &Machine) -> Vec<Command> {
        let commands = machine.due().into_iter().filter_map(|due| match due {
            Due::Command(command) => Some(command),
            Due::Seal { uid, reseal } => self.seal(machine, uid, reseal),
        });
        let mut commands: Vec<Command> = commands.collect();
        commands.push(Command::Tick);
        commands
    }

    /// Member 4 joins, takes the place of member 3, and leaves again.
    fn change_members(&mut self) -> Action {
        self.membership_changes += 1;
        let change = |parts: &[(u64, MemberAction)], raft| Action::Change { parts: parts.to_vec(), raft };
        match self.membership_changes {
            1 => Action::Learner(4),
            2 => {
                let raft = RaftConfiguration { outgoing_voters: voters(&[1, 2, 3]).voters, ..voters(&[1, 2, 4]) };
                change(&[(4, MemberAction::Promote), (3, MemberAction::Remove)], raft)
            }
            3 => change(&[], voters(&[1, 2, 4])),
            4 => change(&[(4, MemberAction::Remove)], voters(&[1, 2])),
            _ => Action::Commands(vec![Command::Tick]),
        }
    }

    /// Tells a worker what it was answered. Returns what it has published, if this was its commit.
    pub(super) fn answered(
        &mut self,
        command: &Command,
        reply: &Result<Reply, Rejection>,
    ) -> Option<(RoundUid, Pairs)> {
        let (round, name, by) = match command {
            Command::AppendChunk { uid, worker, upload, .. }
            | Command::CommitPublication { uid, worker, upload, .. } => (*uid, worker, *upload),
            _ => return None,
        };
        let publisher = self
            .publishers
            .iter_mut()
            .find(|publisher| uid(publisher.round) == round && publisher.name == name.as_str())
            .filter(|publisher| upload(publisher.by) == by && !publisher.done)?;
        match reply {
            Ok(Reply::Chunk { next_sequence }) | Err(Rejection::ChunkGap { next_sequence }) => {
                publisher.sent = *next_sequence;
            }
            Ok(Reply::Published { .. }) => {
                publisher.done = true;
                return Some((round, publisher.chunks.concat()));
            }
            Err(Rejection::DuplicateKey { .. } | Rejection::KeyConflict { .. }) => {
                let rule = self.rules[usize::from(publisher.round) - 1];
                publisher.restart(content(&mut self.dice, rule, &publisher.name));
            }
            Err(Rejection::PublicationIncomplete { .. }) => {}
            Ok(_) | Err(_) => publisher.done = true,
        }
        None
    }
}

impl Publisher {
    fn restart(&mut self, chunks: Vec<Pairs>) {
        (self.by, self.chunks, self.sent) = (self.by.saturating_add(1), chunks, 0);
    }

    fn clone_of(&self) -> Self {
        Self { name: self.name.clone(), chunks: self.chunks.clone(), ..*self }
    }

    /// A chunk; past the end an empty one.
    fn append(&self, sequence: u64) -> Command {
        let pairs = self.chunks.get(sequence as usize).map_or(&[][..], Vec::as_slice);
        append(self.round, &self.name, self.by, sequence, &borrowed(pairs))
    }

    fn commit(&self) -> Command {
        commit(self.round, &self.name, self.by, self.chunks.len() as u64, &borrowed(&self.chunks.concat()))
    }
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// What a worker publishes: nothing, or a few chunks. Workers share most keys where they may; a publication sometimes
/// repeats one.
fn content(dice: &mut Dice, rule: OnConflict, name: &str) -> Vec<Pairs> {
    let mut used = BTreeSet::new();
    let shared_one_in = if rule.allows_overlap() { 1 } else { 8 };
    let chunks = if dice.one_in(12) { 0 } else { 1 + dice.roll(2) };
    let mut chunk = || {
        let mut pairs = Pairs::new();
        for _ in 0..=dice.roll(2) {
            let shared = dice.one_in(shared_one_in);
            let key = if shared { format!("key-{}", dice.roll(24)) } else { format!("{name}-{}", dice.roll(9)) };
            if used.insert(key.clone()) || dice.one_in(30) {
                pairs.push((key, format!("value-{}", dice.roll(1_000))));
            }
        }
        pairs
    };
    (0..chunks).map(|_| chunk()).collect()
}
