//! A state machine with a disk that carries out its effects as storage does, and can lose everything else.

use std::{collections::BTreeMap, ops::Deref};

use bytes::Bytes;
use prost::Message;
use silhouette_proto::{
    content_digest, pair_digest,
    v1::{Pair, PublishChunk},
};
use silhouette_server::{
    ids::{ClusterTime, Digest, InstanceId, LogIndex, MemberId, RoundId, RoundUid, UploadId, WorkerName},
    state::{
        Applied, ChunkKey, Command, Due, Effect, EncodingOutcome, Entry, Expected, LeaderView, Limits, MemberAction,
        MemberRecord, MemberState, MembershipChange, PhaseName, RaftConfiguration, Rejection, Reply, RestoreError,
        Round, RoundSecret, RoundSpec, State,
    },
};

/// What is on disk: encoded, so that only what is stored can come back.
#[derive(Default)]
struct Disk {
    cluster: Vec<u8>,
    rounds: BTreeMap<RoundUid, (Vec<u8>, Option<Vec<u8>>)>,
    chunks: BTreeMap<ChunkKey, Bytes>,
}

/// A state and its disk. Reads go to the state.
pub(crate) struct Machine {
    state: State,
    disk: Disk,
    index: LogIndex,
    /// Time of the next entry.
    pub(crate) now: ClusterTime,
}

impl Deref for Machine {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

/// Limits small enough for tests to reach.
pub(crate) fn limits() -> Limits {
    Limits {
        max_pairs: 2_000,
        max_value_bytes: 100,
        max_key_bytes: 32,
        max_open_rounds: 6,
        max_rounds: 8,
        ..Limits::default()
    }
}

pub(crate) fn member_record(id: u64) -> MemberRecord {
    MemberRecord {
        id: MemberId(id),
        instance: InstanceId([id as u8; 16]),
        name: format!("node-{id}"),
        client_address: format!("127.0.0.1:{id}1"),
        peer_address: format!("127.0.0.1:{id}2"),
        http_address: format!("127.0.0.1:{id}3"),
        encoding_version: 1,
        memory_budget_bytes: 8 << 30,
        replaces: None,
        state: MemberState::Joining,
    }
}

pub(crate) fn voters(ids: &[u64]) -> RaftConfiguration {
    RaftConfiguration { voters: ids.iter().map(|id| MemberId(*id)).collect(), ..RaftConfiguration::default() }
}

impl Machine {
    /// One voter of a cluster that waits for `initial_members`.
    pub(crate) fn bootstrap(initial_members: u32, limits: Limits) -> Self {
        let state = State::bootstrap("test".parse().unwrap(), initial_members, member_record(1), limits);
        Self::of(state, LogIndex(1))
    }

    /// A formed cluster of three voters.
    pub(crate) fn cluster() -> Self {
        Self::cluster_with(limits())
    }

    pub(crate) fn cluster_with(limits: Limits) -> Self {
        let mut machine = Self::bootstrap(3, limits);
        for id in [2, 3] {
            machine.add_learner(id);
        }
        machine.change(&[(2, MemberAction::Promote), (3, MemberAction::Promote)], voters(&[1, 2, 3]));
        assert!(machine.formed());
        machine
    }

    fn of(state: State, index: LogIndex) -> Self {
        let mut machine = Self { state, disk: Disk::default(), index, now: ClusterTime(1_000) };
        machine.write_all();
        machine
    }

    /// Applies a command at the present time, carries out its effects, and checks that the disk holds the live chunks
    /// and no other.
    pub(crate) fn apply_whole(&mut self, command: Command) -> Applied {
        self.index.0 += 1;
        let applied = self.state.apply(self.index, Entry { time: self.now, command });
        self.carry_out(&applied.effects);
        applied
    }

    pub(crate) fn apply(&mut self, command: Command) -> Result<Reply, Rejection> {
        self.apply_whole(command).reply
    }

    /// Applies a membership change.
    pub(crate) fn change(&mut self, parts: &[(u64, MemberAction)], raft: RaftConfiguration) {
        let applied = self.change_whole(parts, raft);
        assert_eq!(applied.reply, Ok(Reply::Done));
    }

    pub(crate) fn change_whole(&mut self, parts: &[(u64, MemberAction)], raft: RaftConfiguration) -> Applied {
        self.index.0 += 1;
        let change = self.membership_change(parts);
        let applied = self.state.apply_membership(self.index, Some(&change), raft);
        self.carry_out(&applied.effects);
        applied
    }

    pub(crate) fn membership_change(&self, parts: &[(u64, MemberAction)]) -> MembershipChange {
        MembershipChange {
            time: self.now,
            expected_conf_index: self.configuration().index,
            parts: parts.iter().map(|(id, action)| (MemberId(*id), *action)).collect(),
        }
    }

    /// Allocates, registers and adds a member as a learner.
    pub(crate) fn add_learner(&mut self, id: u64) {
        let record = member_record(id);
        let allocated =
            self.apply(Command::AllocateMember { instance: record.instance, record: record.clone(), replaces: None });
        assert_eq!(allocated, Ok(Reply::Member { id: MemberId(id) }));
        self.apply(Command::RegisterMember { record }).unwrap();
        let mut raft = self.configuration().raft.clone();
        raft.learners.insert(MemberId(id));
        self.change(&[(id, MemberAction::AddLearner)], raft);
    }

    fn carry_out(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::PutChunk { key, pairs } => {
                    let before = self.disk.chunks.insert(*key, pairs.clone());
                    assert!(before.is_none(), "a chunk never changes under its key");
                }
                Effect::DropChunks { keys } => {
                    for key in keys {
                        assert!(self.disk.chunks.remove(key).is_some(), "only what is stored is dropped");
                    }
                }
                Effect::SaveRound { uid } => self.write_round(*uid),
                Effect::RemoveRound { uid } => {
                    assert!(self.disk.rounds.remove(uid).is_some(), "only what is stored is removed");
                }
                Effect::Shred { uid } => self.disk.chunks.retain(|key, _| key.uid() != *uid),
            }
        }
        self.disk.cluster = rmp_serde::to_vec_named(self.state.cluster_record()).unwrap();
        assert!(self.state.chunk_keys().iter().all(|key| self.disk.chunks.contains_key(key)), "a live chunk is lost");
        assert_eq!(self.state.chunk_keys().len(), self.disk.chunks.len(), "a dead chunk is left");
    }

    fn write_round(&mut self, uid: RoundUid) {
        let round = self.state.round(uid).unwrap();
        let secret = (!round.is_shredded()).then(|| rmp_serde::to_vec_named(&round.secret).unwrap());
        assert!(secret.is_some() || round.secret == RoundSecret::default(), "nothing secret outlives its shred");
        self.disk.rounds.insert(uid, (rmp_serde::to_vec_named(&round.record).unwrap(), secret));
    }

    fn write_all(&mut self) {
        self.disk.rounds.clear();
        let uids: Vec<RoundUid> = self.state.rounds().map(Round::uid).collect();
        for uid in uids {
            self.write_round(uid);
        }
        self.disk.cluster = rmp_serde::to_vec_named(self.state.cluster_record()).unwrap();
    }

    /// Loses everything but the disk.
    pub(crate) fn restart(&mut self) {
        self.state = self.restored(&self.disk.chunks).unwrap();
    }

    /// The state that the disk gives with these chunks.
    pub(crate) fn restored(&self, chunks: &BTreeMap<ChunkKey, Bytes>) -> Result<State, RestoreError> {
        let rounds = self.disk.rounds.values().map(|(record, secret)| {
            let secret = secret.as_ref().map(|secret| rmp_serde::from_slice(secret).unwrap());
            (rmp_serde::from_slice(record).unwrap(), secret)
        });
        let cluster = rmp_serde::from_slice(&self.disk.cluster).unwrap();
        State::restore(cluster, rounds.collect(), chunks.iter().map(|(key, body)| (*key, body.clone())))
    }

    /// Sends a snapshot to an empty member and goes on as that one.
    pub(crate) fn pass_on(&mut self) {
        let snapshot = self.state.to_snapshot();
        let chunks: BTreeMap<ChunkKey, Bytes> =
            self.state.chunk_keys().into_iter().map(|key| (key, self.disk.chunks[&key].clone())).collect();
        // Chunks may come in any order.
        let sent = chunks.iter().rev().map(|(key, body)| (*key, body.clone()));
        self.state = State::from_snapshot(&snapshot, sent).unwrap();
        self.disk.chunks = chunks;
        self.write_all();
    }

    pub(crate) fn chunks(&self) -> &BTreeMap<ChunkKey, Bytes> {
        &self.disk.chunks
    }

    pub(crate) fn digest(&self) -> Digest {
        self.state.inspect(&[7; 32], self.disk.chunks.iter().map(|(key, body)| (*key, body.clone())))
    }

    /// Runs `step` and checks that it changed nothing: neither state nor disk.
    pub(crate) fn unchanged<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.digest();
        let result = step(self);
        assert_eq!(self.digest(), before, "the state has changed");
        result
    }

    pub(crate) fn due(&self) -> Vec<Due> {
        self.state.due(self.now, &LeaderView { active_voters: self.configuration().raft.voters.clone() })
    }

    pub(crate) fn state_due(&self, view: &LeaderView) -> Vec<Due> {
        self.state.due(self.now, view)
    }

    /// Lets `milliseconds` of cluster time pass, without an entry.
    pub(crate) fn wait(&mut self, milliseconds: u64) {
        self.now = self.now.after(milliseconds);
    }

    // What users and members do, in short.

    pub(crate) fn start(&mut self, n: u8, spec: RoundSpec) -> Result<Reply, Rejection> {
        self.apply(Command::StartRound { uid: uid(n), id: round_id(n), spec })
    }

    pub(crate) fn append(
        &mut self,
        n: u8,
        name: &str,
        upload: u8,
        sequence: u64,
        pairs: &[(&str, &str)],
    ) -> Result<Reply, Rejection> {
        self.apply(append(n, name, upload, sequence, pairs))
    }

    /// Commits what was sent as `chunks` chunks of `pairs`.
    pub(crate) fn commit(
        &mut self,
        n: u8,
        name: &str,
        upload: u8,
        chunks: u64,
        pairs: &[(&str, &str)],
    ) -> Result<Reply, Rejection> {
        self.apply(commit(n, name, upload, chunks, pairs))
    }

    /// Publishes everything in one chunk, or nothing in none.
    pub(crate) fn publish(
        &mut self,
        n: u8,
        name: &str,
        upload: u8,
        pairs: &[(&str, &str)],
    ) -> Result<Reply, Rejection> {
        if !pairs.is_empty() {
            self.append(n, name, upload, 0, pairs)?;
        }
        self.commit(n, name, upload, u64::from(!pairs.is_empty()), pairs)
    }

    pub(crate) fn seal(&mut self, n: u8, reseal: u32) -> Result<Reply, Rejection> {
        let plan = self.seal_plan(uid(n), [reseal as u8; 32], [0x80 + reseal as u8; 32]).unwrap();
        self.apply(Command::Seal { uid: uid(n), reseal, plan })
    }

    pub(crate) fn report(&mut self, n: u8, reseal: u32, member: u64, outcome: EncodingOutcome) {
        let report = Command::ReportEncoding { uid: uid(n), reseal, member: MemberId(member), outcome };
        assert_eq!(self.apply(report), Ok(Reply::Done));
    }

    /// A started round of one worker that is Ready, held by voters 1 and 2.
    pub(crate) fn make_ready(&mut self, n: u8, spec: RoundSpec) {
        self.start(n, spec).unwrap();
        self.publish(n, "worker", 1, &[("key", "value")]).unwrap();
        self.seal(n, 0).unwrap();
        self.report(n, 0, 1, encoded(1));
        self.report(n, 0, 2, encoded(1));
        assert_eq!(self.phase(n), PhaseName::Ready);
    }

    pub(crate) fn phase(&self, n: u8) -> PhaseName {
        self.round(uid(n)).unwrap().phase().name()
    }
}

pub(crate) fn uid(n: u8) -> RoundUid {
    RoundUid([n; 16])
}

pub(crate) fn round_id(n: u8) -> RoundId {
    format!("round-{n}").parse().unwrap()
}

pub(crate) fn upload(n: u8) -> UploadId {
    UploadId([n; 16])
}

pub(crate) fn worker(name: &str) -> WorkerName {
    name.parse().unwrap()
}

/// A spec for so many workers, with every default.
pub(crate) fn spec(workers: u32) -> RoundSpec {
    RoundSpec::new(Expected::Count(workers), &limits())
}

/// An encoding that is the same for the same `kind`.
pub(crate) fn encoded(kind: u8) -> EncodingOutcome {
    EncodingOutcome::Encoded { input: Digest([1; 32]), encoding: Digest([kind; 32]), hint: Digest([kind; 32]) }
}

pub(crate) fn append(n: u8, name: &str, by: u8, sequence: u64, pairs: &[(&str, &str)]) -> Command {
    let pairs = pairs
        .iter()
        .map(|(key, value)| Pair {
            key: Bytes::copy_from_slice(key.as_bytes()),
            value: Bytes::copy_from_slice(value.as_bytes()),
        })
        .collect();
    let pairs = PublishChunk { sequence, pairs }.encode_to_vec().into();
    Command::AppendChunk { uid: uid(n), worker: worker(name), upload: upload(by), sequence, pairs }
}

pub(crate) fn commit(n: u8, name: &str, by: u8, chunks: u64, pairs: &[(&str, &str)]) -> Command {
    let mut digests: Vec<_> = pairs.iter().map(|(key, value)| pair_digest(key.as_bytes(), value.as_bytes())).collect();
    Command::CommitPublication {
        uid: uid(n),
        worker: worker(name),
        upload: upload(by),
        chunks,
        pairs: pairs.len() as u64,
        digest: Digest(content_digest(&mut digests)),
    }
}
