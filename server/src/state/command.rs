//! What the log says: a [`Command`] and the cluster time at which its leader proposed it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{encoding_plan::EncodingPlan, member::MemberRecord, spec::RoundSpec};
use crate::ids::{ClusterTime, Digest, InstanceId, LogIndex, MemberId, RoundId, RoundUid, UploadId, WorkerName};

/// One entry of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When its leader proposed it. The state's clock becomes the greater of its own and this.
    pub time: ClusterTime,
    /// What to do.
    pub command: Command,
}

/// One change of the replicated state. Which of them hold secrets, and of which round: [`Command::secret_round`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Advances the clock of an idle cluster.
    Tick,
    /// Gives an instance a member id, or says which it has.
    AllocateMember {
        /// The new node.
        instance: InstanceId,
        /// Its name and addresses; the id in it is ignored.
        record: MemberRecord,
        /// The member whose place it takes.
        replaces: Option<MemberId>,
    },
    /// A member says where it is reached, what it can encode and how much memory it offers.
    RegisterMember {
        /// The whole record, its id included.
        record: MemberRecord,
    },
    /// Opens a round.
    StartRound {
        /// Drawn by the leader.
        uid: RoundUid,
        /// Given by the user.
        id: RoundId,
        /// Defaults filled in.
        spec: RoundSpec,
    },
    /// Stages a chunk of a publication.
    AppendChunk {
        /// The round.
        uid: RoundUid,
        /// Who publishes.
        worker: WorkerName,
        /// Which attempt.
        upload: UploadId,
        /// 0, 1, 2, ..
        sequence: u64,
        /// An encoded `silhouette.v1.PublishChunk`, checked by the leader against the spec's lengths.
        pairs: Bytes,
    },
    /// Publishes what is staged.
    CommitPublication {
        /// The round.
        uid: RoundUid,
        /// Who publishes.
        worker: WorkerName,
        /// Which attempt.
        upload: UploadId,
        /// How many chunks it has.
        chunks: u64,
        /// How many pairs it has.
        pairs: u64,
        /// `silhouette_proto::content_digest` of the pairs.
        digest: Digest,
    },
    /// Drops what is staged, if the upload has been idle since `idle_since`.
    AbortPublication {
        /// The round.
        uid: RoundUid,
        /// Who publishes.
        worker: WorkerName,
        /// Which attempt.
        upload: UploadId,
        /// A no-op if the upload was active after this.
        idle_since: ClusterTime,
    },
    /// Closes publication and fixes seeds and parameters of the encoding; also seals again with fresh seeds.
    Seal {
        /// The round.
        uid: RoundUid,
        /// 0 closes an open round; n > 0 replaces reseal n - 1 of a sealed one. Anything else is stale: a no-op.
        reseal: u32,
        /// Seeds and parameters.
        plan: EncodingPlan,
    },
    /// A member has encoded and synced, or could not encode.
    ReportEncoding {
        /// The round.
        uid: RoundUid,
        /// Which sealing it encoded.
        reseal: u32,
        /// Who reports.
        member: MemberId,
        /// What came of it.
        outcome: EncodingOutcome,
    },
    /// A member holds the Ready encoding, by encoding or by fetching it.
    ReportHeld {
        /// The round.
        uid: RoundUid,
        /// Who reports.
        member: MemberId,
    },
    /// A member does not hold the Ready encoding any more: its files are damaged or gone, or it is fenced.
    ReportLost {
        /// The round.
        uid: RoundUid,
        /// Who reports.
        member: MemberId,
    },
    /// Lets every member destroy a round's pairs.
    Shred {
        /// The round.
        uid: RoundUid,
    },
    /// A member has destroyed its key to a round's pairs.
    ReportDestroyed {
        /// The round.
        uid: RoundUid,
        /// Who reports.
        member: MemberId,
    },
    /// Fails a round whose deadline passed, or that cannot be encoded.
    Fail {
        /// The round.
        uid: RoundUid,
        /// A no-op in another phase.
        expected: ExpectedPhase,
        /// A sentence for its users.
        reason: String,
    },
    /// Ends a Ready or Failed round whose retention passed.
    Expire {
        /// The round.
        uid: RoundUid,
    },
    /// Removes a round in any phase.
    DeleteRound {
        /// The round.
        uid: RoundUid,
    },
}

/// The phase in which a command of the leader's timers applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExpectedPhase {
    /// Workers publish.
    Open,
    /// Members encode this sealing.
    Sealed {
        /// Which one.
        reseal: u32,
    },
}

/// What came of an encoding on one member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EncodingOutcome {
    /// Encoded and synced.
    Encoded {
        /// BLAKE3 keyed by the cell seed, over the round's pairs in encoding order.
        input: Digest,
        /// Digest of the encoding's file.
        encoding: Digest,
        /// Digest of the hint.
        hint: Digest,
    },
    /// All attempts failed.
    Failed,
}

/// A membership change, carried by a raft configuration-change entry's context.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipChange {
    /// When its leader proposed it.
    pub time: ClusterTime,
    /// The configuration that the caller saw.
    pub expected_conf_index: LogIndex,
    /// All parts.
    pub parts: Vec<(MemberId, MemberAction)>,
}

/// What a membership change does with a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MemberAction {
    /// An allocated member becomes a learner.
    AddLearner,
    /// A learner becomes a voter.
    Promote,
    /// A learner or voter leaves for good.
    Remove,
}

impl EncodingOutcome {
    /// Whether other pairs were encoded than those of this digest.
    pub fn is_of_other_pairs(&self, agreed: Digest) -> bool {
        matches!(self, Self::Encoded { input, .. } if *input != agreed)
    }
}

impl Command {
    /// The round whose key must seal this command on disk, if it holds a secret: pairs, cell seeds or digests of
    /// publications.
    pub fn secret_round(&self) -> Option<RoundUid> {
        match self {
            Self::AppendChunk { uid, .. } | Self::CommitPublication { uid, .. } | Self::Seal { uid, .. } => Some(*uid),
            _ => None,
        }
    }

    /// All kinds of commands.
    pub const KINDS: [&'static str; 16] = [
        "tick",
        "allocate_member",
        "register_member",
        "start_round",
        "append_chunk",
        "commit_publication",
        "abort_publication",
        "seal",
        "report_encoding",
        "report_held",
        "report_lost",
        "shred",
        "report_destroyed",
        "fail",
        "expire",
        "delete_round",
    ];

    /// Its kind, for logs and metrics; never its content.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::AllocateMember { .. } => "allocate_member",
            Self::RegisterMember { .. } => "register_member",
            Self::StartRound { .. } => "start_round",
            Self::AppendChunk { .. } => "append_chunk",
            Self::CommitPublication { .. } => "commit_publication",
            Self::AbortPublication { .. } => "abort_publication",
            Self::Seal { .. } => "seal",
            Self::ReportEncoding { .. } => "report_encoding",
            Self::ReportHeld { .. } => "report_held",
            Self::ReportLost { .. } => "report_lost",
            Self::Shred { .. } => "shred",
            Self::ReportDestroyed { .. } => "report_destroyed",
            Self::Fail { .. } => "fail",
            Self::Expire { .. } => "expire",
            Self::DeleteRound { .. } => "delete_round",
        }
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Command").field("kind", &self.kind()).finish_non_exhaustive()
    }
}
