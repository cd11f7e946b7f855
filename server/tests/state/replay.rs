//! The same entries give the same state, whatever happens to a member in between.
//!
//! Members apply seeded schedules side by side: one is never interrupted, one loses everything but its disk now and
//! then, one after every entry, one is replaced by a new member that starts from a snapshot. After each entry all must
//! have answered alike, asked the same of their storage, and be in the same state; that their keys are known again
//! shows in the answers that follow.

use std::collections::BTreeSet;

use silhouette_okvs::ValueLayout;
use silhouette_server::{
    ids::MemberId,
    state::{
        Applied, Command, Due, EncodingOutcome, MemberAction, MemberRecord, OnDeadline, PhaseName, Rejection,
        RestoreError, RoundSpec, State,
    },
};

use crate::{
    dice::Dice,
    machine::{Machine, append, commit, encoded, member_record, round_id, spec, uid, upload, voters, worker},
};

const WORKERS: [&str; 3] = ["a", "b", "c"];
const ROUNDS: u64 = 8;
const ENTRIES: u64 = 400;

/// The pairs of a chunk: few enough keys that publications conflict, and a chunk sometimes repeats an earlier key.
fn pairs_of(n: u8, name: &str, by: u8, sequence: u64) -> Vec<(String, String)> {
    let seed = u64::from(n) << 48 | u64::from(name.as_bytes()[0]) << 32 | u64::from(by) << 16 | sequence;
    let mut dice = Dice(seed);
    (0..=dice.roll(3)).map(|_| (format!("key-{}", dice.roll(10)), format!("value-{}", dice.roll(9)))).collect()
}

fn borrowed(pairs: &[(String, String)]) -> Vec<(&str, &str)> {
    pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// What the leader's timers ask for, as commands.
fn due(machine: &Machine, dice: &mut Dice) -> Vec<Command> {
    let command = |due| match due {
        Due::Command(command) => Some(command),
        Due::Seal { uid, reseal } => {
            let (hash_seed, cell_seed) = ([dice.roll(256) as u8; 32], [dice.roll(256) as u8; 32]);
            Some(Command::Seal { uid, reseal, plan: machine.seal_plan(uid, hash_seed, cell_seed).ok()? })
        }
    };
    machine.due().into_iter().filter_map(command).collect()
}

/// What workers, members and users might do next, sensible or not.
fn next(machine: &Machine, dice: &mut Dice) -> Vec<Command> {
    let n = 1 + dice.roll(ROUNDS) as u8;
    let (name, by) = (WORKERS[dice.roll(3) as usize], 1 + dice.roll(2) as u8);
    let round = machine.round(uid(n));
    let staged = round.and_then(|round| round.next_sequence(&worker(name), upload(by)));
    let member = MemberId(1 + dice.roll(4));
    match dice.roll(20) {
        0 | 1 => {
            let deadline_ms = dice.one_in(3).then_some(3_000);
            let on_deadline = if dice.one_in(2) { OnDeadline::Seal } else { OnDeadline::Fail };
            let values = ValueLayout::Variable { max_bytes: 64 - dice.roll(2) as u32 };
            let spec =
                RoundSpec { deadline_ms, on_deadline, values, retention_ms: 20_000, ..spec(1 + dice.roll(3) as u32) };
            vec![Command::StartRound { uid: uid(n), id: round_id(n), spec }]
        }
        2..4 => {
            let pairs = pairs_of(n, name, by, 0);
            vec![append(n, name, by, 0, &borrowed(&pairs)), commit(n, name, by, 1, &borrowed(&pairs))]
        }
        4..8 => {
            let sequence = if dice.one_in(5) { dice.roll(3) } else { staged.unwrap_or(0) };
            vec![append(n, name, by, sequence, &borrowed(&pairs_of(n, name, by, sequence)))]
        }
        8..11 => {
            let chunks = staged.unwrap_or(0) + u64::from(dice.one_in(8));
            let pairs: Vec<_> = (0..chunks).flat_map(|sequence| pairs_of(n, name, by, sequence)).collect();
            vec![commit(n, name, by, chunks, &borrowed(&pairs))]
        }
        11..15 => {
            let outcome = match dice.roll(4) {
                0 => EncodingOutcome::Failed,
                1 => encoded(2),
                _ => encoded(1),
            };
            let reseal = round.map_or(0, silhouette_server::state::Round::reseal);
            vec![Command::ReportEncoding { uid: uid(n), reseal, member, outcome }]
        }
        15 => vec![Command::ReportHeld { uid: uid(n), member }, Command::ReportDestroyed { uid: uid(n), member }],
        16 if dice.one_in(2) => vec![Command::ReportLost { uid: uid(n), member }],
        16 => vec![Command::RegisterMember {
            record: MemberRecord { encoding_version: 1 + dice.roll(2) as u32, ..member_record(1 + dice.roll(3)) },
        }],
        17 => vec![Command::Tick],
        18 if dice.one_in(4) => vec![Command::DeleteRound { uid: uid(n) }, Command::Shred { uid: uid(n) }],
        _ => due(machine, dice),
    }
}

/// Members that must not be told apart, and what happens to each between two entries.
struct Side {
    name: &'static str,
    machine: Machine,
    between: fn(&mut Machine, &mut Dice),
}

fn sides() -> [Side; 4] {
    let side = |name, between| Side { name, machine: Machine::cluster(), between };
    [
        side("never interrupted", |_, _| ()),
        side("restarted after every entry", |machine, _| machine.restart()),
        side("restarted now and then", |machine, dice| {
            if dice.one_in(7) {
                machine.restart();
            }
        }),
        side("replaced now and then by one that starts from a snapshot", |machine, dice| {
            if dice.one_in(7) {
                machine.pass_on();
            }
        }),
    ]
}

/// Does the same to all members, which must answer alike and be alike afterwards.
fn on_all(sides: &mut [Side], dice: &mut Dice, at: &str, step: impl Fn(&mut Machine) -> Applied) -> Applied {
    let mut expected: Option<Applied> = None;
    for side in &mut *sides {
        let applied = step(&mut side.machine);
        assert_eq!(expected.get_or_insert_with(|| applied.clone()), &applied, "{at}: {}", side.name);
        (side.between)(&mut side.machine, dice);
    }
    let [first, others @ ..] = &*sides else { panic!("there are members") };
    for side in others {
        assert_eq!(side.machine.digest(), first.machine.digest(), "{at}: {}", side.name);
        assert_eq!(side.machine.due(), first.machine.due(), "{at}: {}", side.name);
        assert_eq!(side.machine.next_deadline(), first.machine.next_deadline(), "{at}: {}", side.name);
        assert_eq!(side.machine.reserved_bytes(), first.machine.reserved_bytes(), "{at}: {}", side.name);
        assert_eq!(side.machine.formed(), first.machine.formed(), "{at}: {}", side.name);
        for n in 1..=ROUNDS as u8 {
            let by_id = |machine: &Machine| machine.round_by_id(&round_id(n)).map(silhouette_server::state::Round::uid);
            assert_eq!(by_id(&side.machine), by_id(&first.machine), "{at}: {}", side.name);
        }
    }
    expected.unwrap()
}

/// What a schedule has come across, so that one which tests nothing is noticed.
#[derive(Default)]
struct Seen {
    phases: BTreeSet<&'static str>,
    reseals: u32,
    shredded: bool,
    conflicts: u64,
    repeated_keys: u64,
    gaps: u64,
}

impl Seen {
    fn note(&mut self, machine: &Machine, applied: &Applied) {
        for round in machine.rounds() {
            self.phases.insert(round.phase().name().as_str());
            self.reseals = self.reseals.max(round.reseal());
            self.shredded |= round.is_shredded();
        }
        match &applied.reply {
            Err(Rejection::KeyConflict { .. }) => self.conflicts += 1,
            Err(Rejection::DuplicateKey { .. }) => self.repeated_keys += 1,
            Err(Rejection::ChunkGap { .. }) => self.gaps += 1,
            _ => (),
        }
    }
}

fn run(seed: u64, seen: &mut Seen) {
    let mut dice = Dice(seed);
    // What happens to members must not change what they are told.
    let mut interruptions = Dice(!seed);
    let mut sides = sides();
    for entry in 0..ENTRIES {
        let at = format!("seed {seed}, entry {entry}");
        let waited = if dice.one_in(10) { dice.roll(30_000) } else { dice.roll(50) };
        for side in &mut sides {
            side.machine.wait(waited);
        }
        match entry {
            100 => {
                for side in &mut sides {
                    side.machine.add_learner(4);
                }
            }
            150 | 250 => {
                let (action, ids) = if entry == 150 {
                    (MemberAction::Promote, &[1, 2, 3, 4][..])
                } else {
                    (MemberAction::Remove, &[1, 2, 3][..])
                };
                let applied = on_all(&mut sides, &mut interruptions, &at, |machine| {
                    machine.change_whole(&[(4, action)], voters(ids))
                });
                seen.note(&sides[0].machine, &applied);
            }
            _ => (),
        }
        for command in next(&sides[0].machine, &mut dice) {
            let applied = on_all(&mut sides, &mut interruptions, &at, |machine| machine.apply_whole(command.clone()));
            seen.note(&sides[0].machine, &applied);
        }
    }
}

#[test]
fn a_member_that_was_restored_at_any_moment_is_like_one_that_never_was() {
    let mut seen = Seen::default();
    for seed in 1..=16 {
        run(seed, &mut seen);
    }
    let phases = [PhaseName::Open, PhaseName::Sealed, PhaseName::Ready, PhaseName::Failed, PhaseName::Ended];
    assert_eq!(seen.phases, phases.map(PhaseName::as_str).into(), "the schedules reach every phase");
    assert!(seen.reseals > 0 && seen.shredded, "and seal again, and shred");
    let refused = [seen.conflicts, seen.repeated_keys, seen.gaps];
    assert!(refused.iter().all(|times| *times > 0), "and are refused: {refused:?}");
}

#[test]
fn members_that_were_told_different_things_are_told_apart() {
    let (mut one, mut other) = (Machine::cluster(), Machine::cluster());
    one.make_ready(1, spec(1));
    other.make_ready(1, spec(1));
    assert_eq!(one.digest(), other.digest());
    other.apply(Command::ReportHeld { uid: uid(1), member: MemberId(3) }).unwrap();
    assert_ne!(one.digest(), other.digest());
}

#[test]
fn a_snapshot_that_cannot_be_read_is_refused() {
    let mut machine = Machine::cluster();
    machine.make_ready(1, spec(1));
    let snapshot = machine.to_snapshot();
    let chunks = || machine.chunks().iter().map(|(key, body)| (*key, body.clone()));
    assert!(State::from_snapshot(&snapshot, chunks()).is_ok());
    for length in [0, 1, snapshot.len() / 2, snapshot.len() - 1] {
        let refused = State::from_snapshot(&snapshot[..length], chunks());
        assert!(matches!(refused, Err(RestoreError::Malformed(_))), "{length} bytes");
    }
    // The first field is the format, a single byte after its name.
    let mut later = snapshot;
    let format = later.windows(6).position(|name| name == b"format").unwrap() + 6;
    later[format] += 1;
    assert_eq!(State::from_snapshot(&later, chunks()).err(), Some(RestoreError::Format { found: 2 }));
}
