//! Entries, chunks and states of small rounds with a secret that can be searched for.

use bytes::Bytes;
use prost::Message as _;
use raft::prelude::Entry;
use silhouette_proto::v1::{Pair, PublishChunk};

use crate::{
    ids::{ClusterTime, InstanceId, LogIndex, MemberId, RoundUid, UploadId},
    state::{self, ChunkKey, Command, Expected, Limits, MemberRecord, MemberState, RoundSpec, State},
};

/// Part of a published key.
pub(super) const SECRET: &[u8] = b"a secret that must not be found";

pub(super) fn uid(round: u8) -> RoundUid {
    RoundUid([round; 16])
}

pub(super) fn entry(index: u64, term: u64, command: &Command) -> Entry {
    let data = rmp_serde::to_vec_named(&state::Entry { time: ClusterTime(0), command: command.clone() }).unwrap();
    Entry { index, term, data, context: vec![1; 16], ..Entry::default() }
}

pub(super) fn start(round: u8) -> Command {
    let spec = RoundSpec::new(Expected::Count(1), &Limits::default());
    Command::StartRound { uid: uid(round), id: format!("round-{round}").parse().unwrap(), spec }
}

/// A chunk that holds the secret.
pub(super) fn chunk() -> Bytes {
    let pairs = vec![Pair { key: Bytes::from_static(SECRET), value: Bytes::from_static(b"value") }];
    PublishChunk { sequence: 0, pairs }.encode_to_vec().into()
}

/// The command that stages [`chunk`].
pub(super) fn command(round: u8) -> Command {
    Command::AppendChunk {
        uid: uid(round),
        worker: "worker".parse().unwrap(),
        upload: UploadId([1; 16]),
        sequence: 0,
        pairs: chunk(),
    }
}

pub(super) fn chunk_key(round: u8) -> ChunkKey {
    ChunkKey::new(uid(round), &"worker".parse().unwrap(), UploadId([1; 16]), 0)
}

pub(super) fn empty_state() -> State {
    let founder = MemberRecord {
        id: MemberId(1),
        instance: InstanceId([1; 16]),
        name: "node-1".to_owned(),
        client_address: String::new(),
        peer_address: String::new(),
        http_address: String::new(),
        encoding_version: 1,
        memory_budget_bytes: 8 << 30,
        replaces: None,
        state: MemberState::Voter,
    };
    State::bootstrap("test".parse().unwrap(), 1, founder, Limits::default())
}

fn state_of(commands: Vec<Command>) -> State {
    let mut state = empty_state();
    for (index, command) in (2..).zip(commands) {
        let applied = state.apply(LogIndex(index), state::Entry { time: ClusterTime(0), command });
        applied.reply.unwrap();
    }
    state
}

/// A state whose round 1 has staged [`chunk`].
pub(super) fn state_with_secret() -> State {
    state_of(vec![start(1), command(1)])
}

/// What of round 1 is sealed beside its chunks, as it would lie on disk without a seal.
pub(super) fn round_secret_in_the_clear(state: &State) -> Vec<u8> {
    rmp_serde::to_vec_named(&state.round(uid(1)).unwrap().secret).unwrap()
}

/// The same state after the round was deleted and shredded.
pub(super) fn state_after_shred() -> State {
    state_of(vec![start(1), command(1), Command::DeleteRound { uid: uid(1) }, Command::Shred { uid: uid(1) }])
}
