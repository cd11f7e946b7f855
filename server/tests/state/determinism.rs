//! Members that apply the same entries encode the same bytes, however the entries of sixteen workers interleave and
//! whatever happens to a member meanwhile.
//!
//! Each seed is a schedule: workers publish overlapping keys to rounds of all three rules of conflict, restart their
//! uploads, repeat and abort them; the leader's timers seal, fail, shred and expire; members report, disagree, come and
//! go. Three members apply it side by side, of which two are restored now and then from their disks or from a snapshot.
//! A naive model says which pairs each round must encode.
//!
//! A failure names its seed; `SILHOUETTE_SEED=n` runs that one alone.

mod schedule;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    thread,
};

use silhouette_server::{
    encoding::Recipe,
    ids::{Digest, RoundUid},
    state::{Applied, EncodingOutcome, OnConflict, PhaseName, Rejection, Round},
};

use self::schedule::{Action, Pairs, Schedule, WORKERS};
use crate::{dice::Dice, machine::Machine};

const SEEDS: u64 = 2_000;
/// Every so many seeds, the same schedule runs twice.
const REPEATED_EVERY: u64 = 20;

/// What a schedule has come across, so that one which tests nothing is noticed.
#[derive(Default)]
struct Seen {
    sealed: BTreeMap<&'static str, u64>,
    phases: BTreeSet<&'static str>,
    most_publications: usize,
    repeated_keys: u64,
    conflicts: u64,
    resealed: u64,
    encoded: u64,
}

impl Seen {
    fn and(mut self, other: Self) -> Self {
        for (rule, times) in other.sealed {
            *self.sealed.entry(rule).or_default() += times;
        }
        self.phases.extend(other.phases);
        self.most_publications = self.most_publications.max(other.most_publications);
        self.repeated_keys += other.repeated_keys;
        self.conflicts += other.conflicts;
        self.resealed += other.resealed;
        self.encoded += other.encoded;
        self
    }
}

/// Three members and what they must agree on.
struct Members {
    seed: u64,
    machines: [Machine; 3],
    /// When members are interrupted must not depend on what they are told.
    interruptions: Dice,
    /// What was published to each round, in the order of commits.
    published: BTreeMap<RoundUid, Vec<Pairs>>,
    /// Everything that was answered and encoded.
    transcript: blake3::Hasher,
}

impl Members {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            machines: [(); 3].map(|()| Machine::cluster()),
            interruptions: Dice(!seed),
            published: BTreeMap::new(),
            transcript: blake3::Hasher::new(),
        }
    }

    fn first(&self) -> &Machine {
        &self.machines[0]
    }

    fn wait(&mut self, milliseconds: u64) {
        for machine in &mut self.machines {
            machine.wait(milliseconds);
        }
    }

    /// Has all members do the same, which must be answered alike.
    fn on_all(&mut self, step: impl Fn(&mut Machine) -> Applied) -> Applied {
        let seed = self.seed;
        let [first, others @ ..] = &mut self.machines;
        let applied = step(first);
        for machine in others {
            assert_eq!(step(machine), applied, "seed {seed}");
            match self.interruptions.roll(40) {
                0 => machine.restart(),
                1 => machine.pass_on(),
                _ => {}
            }
        }
        self.transcript.update(format!("{applied:?}").as_bytes());
        if self.interruptions.one_in(25) {
            self.compare();
        }
        applied
    }

    /// Checks that the members are alike.
    fn compare(&mut self) {
        let seed = self.seed;
        let [first, others @ ..] = &self.machines;
        let digest = first.digest();
        for machine in others {
            assert_eq!(machine.digest(), digest, "seed {seed}");
            assert_eq!(machine.due(), first.due(), "seed {seed}");
            assert_eq!(machine.next_deadline(), first.next_deadline(), "seed {seed}");
            assert_eq!(machine.reserved_bytes(), first.reserved_bytes(), "seed {seed}");
        }
        self.transcript.update(&digest.0);
    }

    /// What each member encodes of a sealed round: all the same, and what the model says.
    fn encode(&mut self, uid: RoundUid, seen: &mut Seen) -> EncodingOutcome {
        let seed = self.seed;
        let round = self.first().round(uid).unwrap();
        let rule = round.spec().on_conflict;
        *seen.sealed.entry(name(rule)).or_default() += 1;
        seen.resealed += u64::from(round.reseal() > 0);
        let publications = self.published.get(&uid).map_or(&[][..], Vec::as_slice);
        seen.most_publications = seen.most_publications.max(publications.len());
        let expected = resolved(publications, rule);
        seen.repeated_keys += (publications.iter().map(Vec::len).sum::<usize>() - expected.len()) as u64;
        let outcomes = self.machines.each_ref().map(|machine| {
            let round = machine.round(uid).unwrap();
            assert_eq!(round.pairs(), expected.len() as u64, "seed {seed}");
            encode(machine, round, &expected)
        });
        assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "seed {seed}: members encode other bytes");
        seen.encoded += 1;
        self.transcript.update(format!("{:?}", outcomes[0]).as_bytes());
        outcomes[0]
    }
}

fn name(rule: OnConflict) -> &'static str {
    match rule {
        OnConflict::Reject => "reject",
        OnConflict::First => "first",
        OnConflict::Last => "last",
    }
}

/// What publications leave of each key, told as plainly as can be.
fn resolved(publications: &[Pairs], rule: OnConflict) -> BTreeMap<&str, &str> {
    let mut pairs = BTreeMap::new();
    for (key, value) in publications.iter().flatten() {
        match rule {
            OnConflict::Reject => assert!(pairs.insert(key.as_str(), value.as_str()).is_none(), "{key} comes twice"),
            OnConflict::First => {
                pairs.entry(key.as_str()).or_insert(value.as_str());
            }
            OnConflict::Last => {
                pairs.insert(key, value);
            }
        }
    }
    pairs
}

/// What a member encodes and reports.
fn encode(machine: &Machine, round: &Round, expected: &BTreeMap<&str, &str>) -> EncodingOutcome {
    let recipe = Recipe::of(round).unwrap();
    let pairs = recipe.gather(recipe.chunks().iter().map(|key| Ok((*key, machine.chunks()[key].clone())))).unwrap();
    let found: BTreeMap<&[u8], &[u8]> = pairs.as_slice().iter().map(|(key, value)| (&key[..], &value[..])).collect();
    assert_eq!(found.len(), pairs.as_slice().len(), "each key comes once");
    assert!(found.into_iter().eq(expected.iter().map(|(key, value)| (key.as_bytes(), value.as_bytes()))));
    let input = recipe.input_digest(&pairs);
    let held = recipe.encode(&pairs, NonZeroUsize::MIN).unwrap();
    let (encoding, hint) = (held.encoding_digest(), held.hint_digest());
    EncodingOutcome::Encoded { input, encoding, hint }
}

/// Runs a schedule; returns the digest of all that came of it.
fn run(seed: u64, seen: &mut Seen) -> Digest {
    let mut members = Members::new(seed);
    let mut schedule = Schedule::new(seed);
    // What members report of each sealing.
    let mut outcomes: BTreeMap<(RoundUid, u32), EncodingOutcome> = BTreeMap::new();
    while let Some((waited, action)) = schedule.next(members.first(), &outcomes) {
        members.wait(waited);
        match action {
            Action::Commands(commands) => {
                for command in commands {
                    let applied = members.on_all(|machine| machine.apply_whole(command.clone()));
                    seen.conflicts += u64::from(matches!(applied.reply, Err(Rejection::KeyConflict { .. })));
                    if let Some((uid, pairs)) = schedule.answered(&command, &applied.reply) {
                        members.published.entry(uid).or_default().push(pairs);
                    }
                }
            }
            Action::Change { parts, raft } => {
                drop(members.on_all(|machine| machine.change_whole(&parts, raft.clone())));
            }
            Action::Learner(id) => {
                members.machines.iter_mut().for_each(|machine| machine.add_learner(id));
            }
        }
        let sealed: Vec<(RoundUid, u32)> = members
            .first()
            .rounds()
            .filter_map(|round| Some((round.uid(), round.sealing()?.reseal)))
            .filter(|sealing| !outcomes.contains_key(sealing))
            .collect();
        for (uid, reseal) in sealed {
            let outcome = members.encode(uid, seen);
            outcomes.insert((uid, reseal), outcome);
        }
        seen.phases.extend(members.first().rounds().map(|round| round.phase().name().as_str()));
    }
    members.compare();
    Digest(*members.transcript.finalize().as_bytes())
}

/// Every so many seeds, beginning with one.
fn run_share(first: usize, step: usize) -> Seen {
    let mut seen = Seen::default();
    for seed in (first as u64..SEEDS).step_by(step) {
        let digest = run(seed, &mut seen);
        if seed.is_multiple_of(REPEATED_EVERY) {
            assert_eq!(run(seed, &mut seen), digest, "seed {seed}: the same schedule, another outcome");
        }
    }
    seen
}

#[test]
fn members_encode_the_same_bytes_however_entries_interleave() {
    if let Some(seed) = std::env::var("SILHOUETTE_SEED").ok().and_then(|seed| seed.parse().ok()) {
        run(seed, &mut Seen::default());
        return;
    }
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let seen = thread::scope(|scope| {
        let shares: Vec<_> = (0..threads).map(|first| scope.spawn(move || run_share(first, threads))).collect();
        shares.into_iter().map(|share| share.join().unwrap()).reduce(Seen::and).unwrap()
    });
    let phases = [PhaseName::Open, PhaseName::Sealed, PhaseName::Ready, PhaseName::Failed, PhaseName::Ended];
    assert_eq!(seen.phases, phases.map(PhaseName::as_str).into(), "the schedules reach every phase");
    assert_eq!(seen.sealed.len(), 3, "under every rule: {:?}", seen.sealed);
    assert_eq!(seen.most_publications, WORKERS);
    let counts = [seen.repeated_keys, seen.conflicts, seen.resealed, seen.encoded];
    assert!(counts.iter().all(|times| *times > SEEDS / 20), "{counts:?} are too few");
}
