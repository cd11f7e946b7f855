//! The stable reasons and their codes: the table of docs/api.md.

use tonic::Code;

use super::Refusal;
use crate::state::Rejection;

/// Declares the reasons, each with when it is given, its name and its code.
macro_rules! reasons {
    ($($(#[doc = $when:literal])+ $reason:ident = $text:literal, $code:ident;)*) => {
        /// A stable reason, as in `google.rpc.ErrorInfo`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[doc = $when])+ $reason,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$reason,)*];

            /// As it is sent.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => $text,)*
                }
            }

            /// The code of statuses with this reason.
            pub const fn code(self) -> Code {
                match self {
                    $(Self::$reason => Code::$code,)*
                }
            }

            /// When it is given, for docs/api.md.
            #[cfg(test)]
            pub(super) const fn when(self) -> &'static str {
                match self {
                    $(Self::$reason => concat!($($when),+),)*
                }
            }
        }
    };
}

reasons! {
    /// No round has this id or uid.
    RoundNotFound = "ROUND_NOT_FOUND", NotFound;
    /// Publishing to a round that is no longer Open.
    RoundClosed = "ROUND_CLOSED", FailedPrecondition;
    /// Retrieval of a round that is Open or Sealed.
    RoundNotReady = "ROUND_NOT_READY", FailedPrecondition;
    /// The round ended without an encoding.
    RoundFailed = "ROUND_FAILED", FailedPrecondition;
    /// The id was that of a round that was deleted or has expired; it stays refused for `rounds.tombstone_ms`.
    RoundIdRetired = "ROUND_ID_RETIRED", FailedPrecondition;
    /// The id is taken by a round with another spec.
    RoundSpecDiffers = "ROUND_SPEC_DIFFERS", AlreadyExists;
    /// This node does not hold the encoding; `holders` do.
    RoundNotHeld = "ROUND_NOT_HELD", Unavailable;
    /// A query, hint or download names another encoding digest; read the shape again.
    EncodingMismatch = "ENCODING_MISMATCH", FailedPrecondition;
    /// A query has the wrong length, or stray bits.
    QueryMalformed = "QUERY_MALFORMED", InvalidArgument;
    /// Too many private queries wait at this node, or too many of this connection.
    TooManyQueries = "TOO_MANY_QUERIES", ResourceExhausted;
    /// The round's spec forbids downloads.
    DownloadsForbidden = "DOWNLOADS_FORBIDDEN", FailedPrecondition;
    /// A download would begin past the end.
    OffsetOutOfRange = "OFFSET_OUT_OF_RANGE", OutOfRange;
    /// One or more fields are not as they must be.
    InvalidRequest = "INVALID_REQUEST", InvalidArgument;
    /// A key has no bytes.
    KeyEmpty = "KEY_EMPTY", InvalidArgument;
    /// A key has more bytes than allowed.
    KeyTooLong = "KEY_TOO_LONG", InvalidArgument;
    /// A value has more bytes than the round's spec allows.
    ValueTooLong = "VALUE_TOO_LONG", InvalidArgument;
    /// A value has not exactly as many bytes as the round's spec asks for.
    ValueLength = "VALUE_LENGTH", InvalidArgument;
    /// A chunk has more bytes than allowed.
    ChunkTooLarge = "CHUNK_TOO_LARGE", InvalidArgument;
    /// A chunk is missing; go on at `nextSequence`.
    ChunkGap = "CHUNK_GAP", Aborted;
    /// The worker has begun another upload.
    UploadSuperseded = "UPLOAD_SUPERSEDED", Aborted;
    /// The round's maximum would be exceeded.
    TooManyPairs = "TOO_MANY_PAIRS", ResourceExhausted;
    /// The round would hold more bytes of pairs than allowed.
    RoundTooLarge = "ROUND_TOO_LARGE", ResourceExhausted;
    /// The round needs more memory than other rounds leave.
    MemoryBudgetExceeded = "MEMORY_BUDGET_EXCEEDED", ResourceExhausted;
    /// There are as many rounds as allowed.
    TooManyRounds = "TOO_MANY_ROUNDS", ResourceExhausted;
    /// As many rounds as allowed are Open or Sealed.
    TooManyOpenRounds = "TOO_MANY_OPEN_ROUNDS", ResourceExhausted;
    /// A key is there twice in one publication.
    DuplicateKey = "DUPLICATE_KEY", InvalidArgument;
    /// Another worker has published the key, in a round that rejects conflicts.
    KeyConflict = "KEY_CONFLICT", AlreadyExists;
    /// This worker has published other content.
    PublicationDiffers = "PUBLICATION_DIFFERS", AlreadyExists;
    /// The commit's chunks, pairs or digest do not match what is staged.
    PublicationIncomplete = "PUBLICATION_INCOMPLETE", InvalidArgument;
    /// A publication stream has no header first, or two, or ends before its commit.
    StreamMalformed = "STREAM_MALFORMED", InvalidArgument;
    /// The round waits for other workers by name.
    WorkerNotExpected = "WORKER_NOT_EXPECTED", FailedPrecondition;
    /// The cluster has not yet reached its initial size.
    ClusterForming = "CLUSTER_FORMING", Unavailable;
    /// This node does not lead; `leader` does.
    NotLeader = "NOT_LEADER", Unavailable;
    /// No leader is known or can be reached; an election is under way.
    NoLeader = "NO_LEADER", Unavailable;
    /// Leadership, the connection to the leader, or the leader itself was lost while the call was pending; repeat it.
    OutcomeUnknown = "OUTCOME_UNKNOWN", Unavailable;
    /// Too much is pending, or the round changes too fast to be sealed; repeat it soon.
    Busy = "BUSY", Unavailable;
    /// The node has as many connections of clients as `limits.connections` allows.
    TooManyConnections = "TOO_MANY_CONNECTIONS", ResourceExhausted;
    /// The node has taken as many calls in this second as `limits.requests_per_second` allows.
    TooManyRequests = "TOO_MANY_REQUESTS", ResourceExhausted;
    /// The caller's address has sent as many calls in this second as `limits.requests_per_second_per_address` allows.
    TooManyRequestsOfAddress = "TOO_MANY_REQUESTS_OF_ADDRESS", ResourceExhausted;
    /// As many calls are under way over this connection as `limits.calls_per_connection` allows.
    TooManyCallsOfConnection = "TOO_MANY_CALLS_OF_CONNECTION", ResourceExhausted;
    /// As many calls are under way as `limits.calls` allows.
    TooManyCalls = "TOO_MANY_CALLS", ResourceExhausted;
    /// As many publications are under way as `limits.publications` allows.
    TooManyPublications = "TOO_MANY_PUBLICATIONS", ResourceExhausted;
    /// As many watches are open as `limits.watches` allows.
    TooManyWatches = "TOO_MANY_WATCHES", ResourceExhausted;
    /// As many downloads are under way as `limits.downloads` allows.
    TooManyDownloads = "TOO_MANY_DOWNLOADS", ResourceExhausted;
    /// As many administrators' calls are under way as `limits.administration_calls` allows.
    TooManyAdministrationCalls = "TOO_MANY_ADMINISTRATION_CALLS", ResourceExhausted;
    /// A message has more bytes than `limits.message_bytes` allows.
    MessageTooLarge = "MESSAGE_TOO_LARGE", ResourceExhausted;
    /// The node is shutting down and begins no new stream.
    Draining = "DRAINING", Unavailable;
    /// The node has not opened its data directory yet.
    Starting = "STARTING", Unavailable;
    /// The node's disk is full, read-only or broken, and the node has stopped serving.
    StorageFailed = "STORAGE_FAILED", Unavailable;
    /// The node's pairs are not those of its cluster: it serves nothing until `cluster add --replaces` takes its place.
    Fenced = "FENCED", Unavailable;
    /// The node belongs to no cluster.
    Uninitialised = "UNINITIALISED", FailedPrecondition;
    /// The node, or the member that is spoken of, was removed from its cluster.
    Removed = "REMOVED", FailedPrecondition;
    /// The call names another cluster.
    WrongCluster = "WRONG_CLUSTER", FailedPrecondition;
    /// The call names another member.
    WrongMember = "WRONG_MEMBER", FailedPrecondition;
    /// Bootstrap or Join names another node's data directory, or the one that was here before.
    WrongInstance = "WRONG_INSTANCE", FailedPrecondition;
    /// Bootstrap or Join of a node that has another identity.
    AlreadyInitialised = "ALREADY_INITIALISED", FailedPrecondition;
    /// `expected_conf_index` is not that of the present configuration; read it again.
    ConfigurationChanged = "CONFIGURATION_CHANGED", Aborted;
    /// Another membership change is not finished.
    ChangeInFlight = "CHANGE_IN_FLIGHT", Aborted;
    /// The change would leave no live quorum, or two voters, or an encoding without its majority.
    ChangeUnsafe = "CHANGE_UNSAFE", FailedPrecondition;
    /// The member that is to be replaced was heard of less than `replaced_silent_ms` ago.
    MemberActive = "MEMBER_ACTIVE", FailedPrecondition;
    /// A learner lags, or does not hold every Ready encoding.
    NotCaughtUp = "NOT_CAUGHT_UP", FailedPrecondition;
    /// No such member.
    MemberNotFound = "MEMBER_NOT_FOUND", NotFound;
    /// The member offers less memory than is reserved.
    MemberBudgetTooSmall = "MEMBER_BUDGET_TOO_SMALL", FailedPrecondition;
}

impl Reason {
    /// Whether waiting a little helps, so that the status carries a `RetryInfo`.
    pub const fn is_worth_waiting(self) -> bool {
        matches!(
            self,
            Self::ClusterForming
                | Self::NoLeader
                | Self::Busy
                | Self::Starting
                | Self::ChangeInFlight
                | Self::TooManyQueries
                | Self::TooManyConnections
                | Self::TooManyRequests
                | Self::TooManyRequestsOfAddress
                | Self::TooManyCallsOfConnection
                | Self::TooManyCalls
                | Self::TooManyPublications
                | Self::TooManyWatches
                | Self::TooManyDownloads
                | Self::TooManyAdministrationCalls
        )
    }
}

impl Refusal {
    /// Its stable reason.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Rejected(rejection) => of_rejection(rejection),
            Self::RoundNotFound { .. } => Reason::RoundNotFound,
            Self::RoundNotReady { .. } => Reason::RoundNotReady,
            Self::RoundFailed { .. } => Reason::RoundFailed,
            Self::RoundNotHeld { .. } => Reason::RoundNotHeld,
            Self::EncodingMismatch { .. } => Reason::EncodingMismatch,
            Self::QueryMalformed { .. } => Reason::QueryMalformed,
            Self::TooManyQueries { .. } => Reason::TooManyQueries,
            Self::DownloadsForbidden { .. } => Reason::DownloadsForbidden,
            Self::OffsetOutOfRange { .. } => Reason::OffsetOutOfRange,
            Self::StreamMalformed { .. } => Reason::StreamMalformed,
            Self::Unreadable { .. } => Reason::InvalidRequest,
            Self::NotLeader { .. } => Reason::NotLeader,
            Self::NoLeader => Reason::NoLeader,
            Self::OutcomeUnknown { .. } => Reason::OutcomeUnknown,
            Self::Busy => Reason::Busy,
            Self::LimitReached { limit, .. } => limit.reason(),
            Self::MessageTooLarge { .. } => Reason::MessageTooLarge,
            Self::Draining => Reason::Draining,
            Self::Starting => Reason::Starting,
            Self::StorageFailed => Reason::StorageFailed,
            Self::Fenced { .. } => Reason::Fenced,
            Self::Uninitialised => Reason::Uninitialised,
            Self::Removed { .. } => Reason::Removed,
            Self::WrongCluster { .. } => Reason::WrongCluster,
            Self::WrongMember { .. } => Reason::WrongMember,
            Self::WrongInstance { .. } => Reason::WrongInstance,
            Self::AlreadyInitialised { .. } => Reason::AlreadyInitialised,
            Self::ConfigurationChanged { .. } => Reason::ConfigurationChanged,
            Self::ChangeInFlight { .. } => Reason::ChangeInFlight,
            Self::MemberActive { .. } => Reason::MemberActive,
        }
    }
}

const fn of_rejection(rejection: &Rejection) -> Reason {
    match rejection {
        Rejection::RoundNotFound { .. } => Reason::RoundNotFound,
        Rejection::RoundClosed { .. } => Reason::RoundClosed,
        Rejection::RoundIdRetired { .. } => Reason::RoundIdRetired,
        Rejection::RoundSpecDiffers { .. } => Reason::RoundSpecDiffers,
        Rejection::RoundTooLarge { .. } => Reason::RoundTooLarge,
        Rejection::MemoryBudgetExceeded { .. } => Reason::MemoryBudgetExceeded,
        Rejection::TooManyRounds { .. } => Reason::TooManyRounds,
        Rejection::TooManyOpenRounds { .. } => Reason::TooManyOpenRounds,
        Rejection::InvalidRequest { .. } => Reason::InvalidRequest,
        Rejection::KeyEmpty { .. } => Reason::KeyEmpty,
        Rejection::KeyTooLong { .. } => Reason::KeyTooLong,
        Rejection::ValueTooLong { .. } => Reason::ValueTooLong,
        Rejection::ValueLength { .. } => Reason::ValueLength,
        Rejection::ChunkTooLarge { .. } => Reason::ChunkTooLarge,
        Rejection::ChunkGap { .. } => Reason::ChunkGap,
        Rejection::UploadSuperseded { .. } => Reason::UploadSuperseded,
        Rejection::TooManyPairs { .. } => Reason::TooManyPairs,
        Rejection::DuplicateKey { .. } => Reason::DuplicateKey,
        Rejection::KeyConflict { .. } => Reason::KeyConflict,
        Rejection::PublicationDiffers { .. } => Reason::PublicationDiffers,
        Rejection::PublicationIncomplete { .. } => Reason::PublicationIncomplete,
        Rejection::WorkerNotExpected { .. } => Reason::WorkerNotExpected,
        Rejection::ClusterForming => Reason::ClusterForming,
        // The round went on changing faster than it could be planned: the same call again may well succeed.
        Rejection::PlanOutdated { .. } => Reason::Busy,
        Rejection::MemberNotFound { .. } => Reason::MemberNotFound,
        Rejection::MemberRemoved { .. } => Reason::Removed,
        Rejection::NotCaughtUp { .. } => Reason::NotCaughtUp,
        Rejection::MemberBudgetTooSmall { .. } => Reason::MemberBudgetTooSmall,
        Rejection::ChangeUnsafe { .. } => Reason::ChangeUnsafe,
    }
}
