//! A running node: addresses, storage, membership, servers, probes, shutdown.
//!
//! ```text
//!  bind addresses ──> serve HTTP and gRPC ──> open storage ──> Uninitialised ──┬─ bootstrap, join ──> Member
//!                                                    └── already a member's ───┘                        │
//!                        exit 0 <── drain, hand over, finish, stop <── SIGTERM                 removed ─┴──> Removed
//! ```
//!
//! Every call is refused with the reason that fits the node's place in this picture ([`NodeHandle::member`]).

mod error;
mod grpc;
mod handle;
mod lifecycle;
mod listeners;
mod observe;
mod run;
mod shutdown;
mod start;
mod watches;

pub use error::NodeError;
pub use handle::NodeHandle;
pub use lifecycle::Member;
pub use run::run;
