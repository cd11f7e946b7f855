//! The stable reasons and their codes: the table of docs/api.md.

use tonic::Code;

use super::Refusal;
use crate::state::Rejection;

/// Declares the reasons, each with its code.
macro_rules! reasons {
    ($($reason:ident = $text:literal, $code:ident;)*) => {
        /// A stable reason, as in `google.rpc.ErrorInfo`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is documented in docs/api.md and says what it is")]
        pub enum Reason {
            $($reason,)*
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
        }
    };
}

reasons! {
    RoundNotFound = "ROUND_NOT_FOUND", NotFound;
    RoundClosed = "ROUND_CLOSED", FailedPrecondition;
    RoundNotReady = "ROUND_NOT_READY", FailedPrecondition;
    RoundFailed = "ROUND_FAILED", FailedPrecondition;
    RoundIdRetired = "ROUND_ID_RETIRED", FailedPrecondition;
    RoundSpecDiffers = "ROUND_SPEC_DIFFERS", AlreadyExists;
    RoundNotHeld = "ROUND_NOT_HELD", Unavailable;
    EncodingMismatch = "ENCODING_MISMATCH", FailedPrecondition;
    QueryMalformed = "QUERY_MALFORMED", InvalidArgument;
    DownloadsForbidden = "DOWNLOADS_FORBIDDEN", FailedPrecondition;
    OffsetOutOfRange = "OFFSET_OUT_OF_RANGE", OutOfRange;
    InvalidRequest = "INVALID_REQUEST", InvalidArgument;
    KeyEmpty = "KEY_EMPTY", InvalidArgument;
    KeyTooLong = "KEY_TOO_LONG", InvalidArgument;
    ValueTooLong = "VALUE_TOO_LONG", InvalidArgument;
    ValueLength = "VALUE_LENGTH", InvalidArgument;
    ChunkTooLarge = "CHUNK_TOO_LARGE", InvalidArgument;
    ChunkGap = "CHUNK_GAP", Aborted;
    UploadSuperseded = "UPLOAD_SUPERSEDED", Aborted;
    TooManyPairs = "TOO_MANY_PAIRS", ResourceExhausted;
    RoundTooLarge = "ROUND_TOO_LARGE", ResourceExhausted;
    TooManyRounds = "TOO_MANY_ROUNDS", ResourceExhausted;
    DuplicateKey = "DUPLICATE_KEY", InvalidArgument;
    KeyConflict = "KEY_CONFLICT", AlreadyExists;
    PublicationDiffers = "PUBLICATION_DIFFERS", AlreadyExists;
    PublicationIncomplete = "PUBLICATION_INCOMPLETE", InvalidArgument;
    StreamMalformed = "STREAM_MALFORMED", InvalidArgument;
    WorkerNotExpected = "WORKER_NOT_EXPECTED", FailedPrecondition;
    ClusterForming = "CLUSTER_FORMING", Unavailable;
    NotLeader = "NOT_LEADER", Unavailable;
    NoLeader = "NO_LEADER", Unavailable;
    OutcomeUnknown = "OUTCOME_UNKNOWN", Unavailable;
    Busy = "BUSY", Unavailable;
    TooManyConnections = "TOO_MANY_CONNECTIONS", ResourceExhausted;
    TooManyRequests = "TOO_MANY_REQUESTS", ResourceExhausted;
    TooManyRequestsOfAddress = "TOO_MANY_REQUESTS_OF_ADDRESS", ResourceExhausted;
    TooManyCallsOfConnection = "TOO_MANY_CALLS_OF_CONNECTION", ResourceExhausted;
    TooManyCalls = "TOO_MANY_CALLS", ResourceExhausted;
    TooManyPublications = "TOO_MANY_PUBLICATIONS", ResourceExhausted;
    TooManyWatches = "TOO_MANY_WATCHES", ResourceExhausted;
    TooManyDownloads = "TOO_MANY_DOWNLOADS", ResourceExhausted;
    TooManyAdministrationCalls = "TOO_MANY_ADMINISTRATION_CALLS", ResourceExhausted;
    MessageTooLarge = "MESSAGE_TOO_LARGE", ResourceExhausted;
    Draining = "DRAINING", Unavailable;
    Starting = "STARTING", Unavailable;
    StorageFailed = "STORAGE_FAILED", Unavailable;
    Uninitialised = "UNINITIALISED", FailedPrecondition;
    Removed = "REMOVED", FailedPrecondition;
    WrongCluster = "WRONG_CLUSTER", FailedPrecondition;
    WrongMember = "WRONG_MEMBER", FailedPrecondition;
    AlreadyInitialised = "ALREADY_INITIALISED", FailedPrecondition;
    ConfigurationChanged = "CONFIGURATION_CHANGED", Aborted;
    ChangeInFlight = "CHANGE_IN_FLIGHT", Aborted;
    ChangeUnsafe = "CHANGE_UNSAFE", FailedPrecondition;
    NotCaughtUp = "NOT_CAUGHT_UP", FailedPrecondition;
    MemberNotFound = "MEMBER_NOT_FOUND", NotFound;
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
            Self::Uninitialised => Reason::Uninitialised,
            Self::Removed { .. } => Reason::Removed,
            Self::WrongCluster { .. } => Reason::WrongCluster,
            Self::WrongMember { .. } | Self::WrongInstance { .. } => Reason::WrongMember,
            Self::AlreadyInitialised { .. } => Reason::AlreadyInitialised,
            Self::ConfigurationChanged { .. } => Reason::ConfigurationChanged,
            Self::ChangeInFlight { .. } => Reason::ChangeInFlight,
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
        Rejection::TooManyRounds { .. } => Reason::TooManyRounds,
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
