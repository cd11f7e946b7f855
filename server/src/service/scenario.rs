//! A state with rounds in every phase, for tests of what services make of it.

use crate::{
    ids::{ClusterTime, Digest, InstanceId, LogIndex, MemberId, RoundUid, UploadId, WorkerName},
    state::{
        Command, EncodingOutcome, Entry, Expected, ExpectedPhase, Limits, MemberRecord, MemberState, Reply, RoundSpec,
        State,
    },
};

/// Digest of the encodings that members report here.
pub(crate) const ENCODING: Digest = Digest([5; 32]);

/// A cluster of one member whose rounds wait for one worker.
pub(crate) struct Scenario {
    pub(crate) state: State,
    index: u64,
}

/// The member of a new cluster.
pub(crate) fn founder() -> MemberRecord {
    MemberRecord {
        id: MemberId(1),
        instance: InstanceId([1; 16]),
        name: "node-1".to_owned(),
        client_address: "a:1".to_owned(),
        peer_address: "a:2".to_owned(),
        http_address: "a:3".to_owned(),
        encoding_version: 1,
        memory_budget_bytes: 8 << 30,
        replaces: None,
        state: MemberState::Voter,
    }
}

/// The worker of rounds here.
pub(crate) fn worker() -> WorkerName {
    "w0".parse().expect("a worker's name")
}

impl Scenario {
    pub(crate) fn new() -> Self {
        let cluster = "c".parse().expect("a cluster id");
        Self { state: State::bootstrap(cluster, 1, founder(), Limits::default()), index: 1 }
    }

    pub(crate) fn apply(&mut self, command: Command) -> Reply {
        self.index += 1;
        let entry = Entry { time: ClusterTime(self.index), command };
        self.state.apply(LogIndex(self.index), entry).reply.expect("it is accepted")
    }

    /// An open round; its uid repeats `byte`.
    pub(crate) fn open(&mut self, byte: u8) -> RoundUid {
        self.start(byte, RoundSpec::new(Expected::Count(1), &Limits::default()))
    }

    fn start(&mut self, byte: u8, spec: RoundSpec) -> RoundUid {
        let uid = RoundUid([byte; 16]);
        let id = format!("r{byte}").parse().expect("a round id");
        self.apply(Command::StartRound { uid, id, spec });
        uid
    }

    /// An open round that waits for two workers, although its deadline has passed.
    pub(crate) fn open_late(&mut self, byte: u8) -> RoundUid {
        let spec = RoundSpec::new(Expected::Count(2), &Limits::default());
        self.start(byte, RoundSpec { deadline_ms: Some(0), ..spec })
    }

    /// A round whose deadline passed when one of two workers had published.
    pub(super) fn failed(&mut self, byte: u8, upload: UploadId, why: &str) -> RoundUid {
        let uid = self.open_late(byte);
        self.publish(uid, upload);
        self.apply(Command::Fail { uid, expected: ExpectedPhase::Open, reason: why.to_owned() });
        uid
    }

    /// Publishes nothing, by `upload`.
    pub(crate) fn publish(&mut self, uid: RoundUid, upload: UploadId) {
        let digest = Digest(silhouette_proto::content_digest(&mut []));
        self.apply(Command::CommitPublication { uid, worker: worker(), upload, chunks: 0, pairs: 0, digest });
    }

    pub(crate) fn seal(&mut self, uid: RoundUid) {
        let plan = self.state.seal_plan(uid, [3; 32], [4; 32]).expect("it can be sealed");
        self.apply(Command::Seal { uid, reseal: 0, plan });
    }

    /// Seals a round and has it encoded.
    pub(crate) fn ready(&mut self, uid: RoundUid) {
        self.seal(uid);
        let outcome = EncodingOutcome::Encoded { input: Digest([6; 32]), encoding: ENCODING, hint: Digest([7; 32]) };
        self.apply(Command::ReportEncoding { uid, reseal: 0, member: MemberId(1), outcome });
    }
}
