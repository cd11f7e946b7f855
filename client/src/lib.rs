//! The client library of Silhouette: workers publish key-value pairs in rounds, then look up values without the servers
//! learning which keys they look up.
//!
//! A [`Client`] knows a few endpoints of a cluster, finds the other members by itself, and repeats each call, elsewhere
//! if need be, until it is answered, refused for good, or has made no progress for [the timeout]. Every call of the
//! protocol may be repeated, so a worker that got an error may simply ask again.
//!
//! # A round
//! ```no_run
//! use silhouette_client::{Client, RoundSpec};
//!
//! # async fn run() -> Result<(), silhouette_client::Error> {
//! let client = Client::builder().endpoints(["127.0.0.1:7611", "127.0.0.1:7612", "127.0.0.1:7613"]).build()?;
//!
//! // Every worker asks for the same round: whoever is first starts it, the others get it as it is.
//! let round = client.start_round("degrees/1", &RoundSpec::for_workers(2)).await?;
//!
//! // Each worker publishes its pairs once; keys and values are any bytes.
//! client.publish(round.uid, "worker-0", [("vertex-17", "3"), ("vertex-4", "11")]).await?;
//!
//! // Once all have published the cluster encodes the pairs, and values can be looked up.
//! client.wait(round.uid).await?;
//! assert_eq!(client.get(round.uid, "vertex-17").await?.as_deref(), Some(&b"3"[..]));
//! assert_eq!(client.get(round.uid, "nobody's").await?, None);
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//! - What a node sees of lookups (how many requests, how large, in which order) is decided from the round's public
//!   shape and the padded number of keys before the first answer arrives. An absent key, or an answer that does not
//!   open, triggers no request.
//! - A secret encrypts one query. A query that has to be repeated is repeated byte for byte.
//! - Hints and encodings are used only if their digests are those of the round's description; [`Agreement`] says how
//!   many nodes must give that description.
//! - A change whose answer was lost ends as [`Error::OutcomeUnknown`], never as a refusal or a success.
//! - Keys, values, queries and seeds are in no log line and in no `Debug` output.
//! - Every error of a call that a node was asked for names the call's [`RequestId`], under which nodes log it.
//!
//! With the feature `opentelemetry` requests carry the application's current span, by the propagator that it has
//! installed.
//!
//! Futures are `Send`, types are `Send` and `Sync`. All of it needs a Tokio runtime with time and I/O enabled.
//!
//! [the timeout]: ClientBuilder::timeout

mod builder;
mod client;
mod cluster;
mod error;
mod identifier;
mod network;
mod progress;
mod publish;
mod random;
mod refusal;
mod request;
mod retrieval;
mod rounds;
mod settings;

pub use builder::{Agreement, ClientBuilder};
pub use client::Client;
pub use cluster::{
    Add, Addresses, ChangeKind, Check, Cluster, ClusterStep, Configuration, Create, Degradation, Diagnostics,
    DiskSpace, Identity, LogIndex, LoggedChange, Member, MemberState, NodeStatus, Replication, Term,
};
pub use error::Error;
pub use identifier::{ClusterId, Digest, MemberId, RoundName, RoundUid};
pub use network::Address;
pub use progress::Progress;
pub use publish::{Publish, Published};
pub use refusal::Refusal;
pub use request::RequestId;
pub use retrieval::{Answers, GetMany, Method, Mode, Shape, Traffic};
pub use rounds::{
    Downloads, EncodingStatus, MemberRound, OnConflict, OnDeadline, Phase, Plaintext, Revision, Round, RoundChange,
    RoundSpec, ValueLength, Wait, Watch, WorkerProgress, Workers,
};
