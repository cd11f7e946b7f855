//! Everything that a node refuses, with the one stable reason, code and metadata of each.
//!
//! Every [`Status`] carries one `google.rpc.ErrorInfo` of domain `silhouette.dev`; `RetryInfo` where waiting helps;
//! `BadRequest` with all bad fields of an invalid request. Reasons and metadata are API (docs/api.md), messages are
//! not. Users' keys are in the metadata of the reply to the worker that sent them, as base64, and nowhere else.

mod from;
mod limit;
mod reason;
mod status;

pub use from::AddressBook;
pub use limit::NodeLimit;
pub use reason::Reason;
pub use status::DOMAIN;

use std::time::Duration;

use crate::{
    ids::{ClusterId, InstanceId, LogIndex, MemberId, RoundId, RoundUid, WorkerName},
    state::{FieldViolation, PhaseName, Rejection},
};

/// A round as the caller named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoundName {
    /// By the name that its users gave it.
    Id(RoundId),
    /// By its uid.
    Uid(RoundUid),
}

/// Why a node refuses a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The state machine rejected it, or would.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// No live round has this name or uid.
    #[error("round {} not found; see silhouettectl round list", .round)]
    RoundNotFound {
        /// As it was asked for.
        round: RoundName,
    },
    /// The round cannot be read yet.
    #[error("round {id} is {phase}, not ready; wait for it with silhouettectl round wait")]
    RoundNotReady {
        /// Its name.
        id: RoundId,
        /// Where it is in its life.
        phase: PhaseName,
    },
    /// The round ended without an encoding.
    #[error("round {id} failed: {why}")]
    RoundFailed {
        /// Its name.
        id: RoundId,
        /// Why, as a sentence.
        why: String,
    },
    /// This node does not hold the round's encoding.
    #[error(
        "round {id} is not held by this node; ask {}",
        if holders.is_empty() { "again later".to_owned() } else { holders.join(" or ") }
    )]
    RoundNotHeld {
        /// Its name.
        id: RoundId,
        /// Client addresses of members that hold it.
        holders: Vec<String>,
    },
    /// The call names another encoding than the round's.
    #[error("round {id} has another encoding than the one that the request names; read its shape again")]
    EncodingMismatch {
        /// Its name.
        id: RoundId,
    },
    /// A query is not one for this round.
    #[error(
        "the query of {found} bytes does not fit round {id}, whose queries have {expected} bytes and no stray bits"
    )]
    QueryMalformed {
        /// Its name.
        id: RoundId,
        /// Length of its queries.
        expected: u64,
        /// Length of the query.
        found: u64,
    },
    /// Too many queries wait already.
    #[error(
        "too many private queries wait here (retrieval.{setting} is {limit}); repeat the query soon, or ask another node"
    )]
    TooManyQueries {
        /// The setting that allows no more, in section `retrieval`.
        setting: &'static str,
        /// Its value.
        limit: u64,
    },
    /// The round's spec forbids downloads.
    #[error("round {id} forbids downloads; use private queries")]
    DownloadsForbidden {
        /// Its name.
        id: RoundId,
    },
    /// A download begins past the end.
    #[error("offset {offset} is past the end of {total} bytes")]
    OffsetOutOfRange {
        /// Where it would begin.
        offset: u64,
        /// How many bytes there are.
        total: u64,
    },
    /// A stream of a publication is not a header, chunks, a commit.
    #[error("the publication stream is malformed: {why}")]
    StreamMalformed {
        /// What is wrong.
        why: &'static str,
    },
    /// A message is no message of its type, or too large.
    #[error("the request cannot be read: {why}")]
    Unreadable {
        /// What is wrong.
        why: String,
    },
    /// This node does not lead.
    #[error("this node does not lead the cluster; {} does", leader.as_deref().unwrap_or("another one"))]
    NotLeader {
        /// The leader's client address, if known.
        leader: Option<String>,
    },
    /// Nobody leads.
    #[error("no leader is known; repeat the call soon")]
    NoLeader,
    /// It is not known whether the call was carried out.
    #[error("leadership was lost while the call was pending; repeat the same call")]
    OutcomeUnknown {
        /// The present leader's client address, if known.
        leader: Option<String>,
    },
    /// Too much is under way.
    #[error("too many proposals are pending; repeat the call soon")]
    Busy,
    /// This node has too much to do.
    #[error(
        "too many {limit}: this node allows {allowed}, by {}; repeat the call soon, or ask another node", limit.setting()
    )]
    LimitReached {
        /// Of what.
        limit: NodeLimit,
        /// How many are allowed.
        allowed: u32,
    },
    /// A message is longer than this node takes.
    #[error(
        "the message is longer than {limit} bytes, which limits.message_bytes of this node allows; send less at once"
    )]
    MessageTooLarge {
        /// How many bytes are allowed.
        limit: u32,
    },
    /// The node is about to stop.
    #[error("this node is shutting down; use another one")]
    Draining,
    /// The node's disk failed.
    #[error("this node's storage failed, and it has stopped serving; use another one")]
    StorageFailed,
    /// The node does not have what its cluster agreed on.
    #[error(
        "this node is fenced, since its pairs are not those of its cluster; use another one, and replace it with \
             silhouettectl cluster add --replaces {member}"
    )]
    Fenced {
        /// Who it is.
        member: MemberId,
    },
    /// The node is not started yet.
    #[error("this node is starting; repeat the call soon")]
    Starting,
    /// The node belongs to no cluster.
    #[error("this node belongs to no cluster; see silhouettectl cluster create")]
    Uninitialised,
    /// The node was removed from its cluster.
    #[error("this node was member {member} and was removed from its cluster")]
    Removed {
        /// Who it was.
        member: MemberId,
    },
    /// The call is for another cluster.
    #[error("the call is for another cluster than {ours}")]
    WrongCluster {
        /// This node's.
        ours: ClusterId,
    },
    /// The call is for another member.
    #[error("the call is for another member than {ours}")]
    WrongMember {
        /// This node's number.
        ours: MemberId,
    },
    /// The call is for another instance.
    #[error("the call is for another node than the one with instance id {ours}")]
    WrongInstance {
        /// This node's.
        ours: InstanceId,
    },
    /// The node has an identity already.
    #[error("this node already belongs to cluster {cluster}")]
    AlreadyInitialised {
        /// Its cluster.
        cluster: ClusterId,
    },
    /// The configuration is not the one that the caller saw.
    #[error("the configuration changed at index {index}; read it again")]
    ConfigurationChanged {
        /// Index of the last change.
        index: LogIndex,
    },
    /// A member that is to be replaced may be alive.
    #[error(
        "member {member} was heard of {} ms ago; it is replaced once it was silent for as long as the call asks for",
        silence.as_millis()
    )]
    MemberActive {
        /// Which one.
        member: MemberId,
        /// How long it was not heard of.
        silence: Duration,
    },
    /// Another membership change is not finished.
    #[error("another membership change is not finished; repeat the call soon")]
    ChangeInFlight {
        /// Index of the last applied change.
        index: LogIndex,
    },
}

impl Refusal {
    /// For an invalid request with one bad field.
    pub fn field(field: &'static str, sentence: impl Into<String>) -> Self {
        Self::fields(vec![FieldViolation { field, sentence: sentence.into() }])
    }

    /// For an invalid request with bad fields.
    pub fn fields(violations: Vec<FieldViolation>) -> Self {
        Rejection::InvalidRequest { violations }.into()
    }

    /// For a publication to a round that takes none.
    pub fn closed(id: &RoundId, phase: PhaseName) -> Self {
        Rejection::RoundClosed { id: id.clone(), phase }.into()
    }

    /// For a worker that has published something else.
    pub fn differs(worker: &WorkerName) -> Self {
        Rejection::PublicationDiffers { worker: worker.clone() }.into()
    }

    /// For a member that does not exist.
    pub fn member_not_found(member: MemberId) -> Self {
        Rejection::MemberNotFound { member }.into()
    }
}

impl std::fmt::Display for RoundName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Uid(uid) => uid.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
