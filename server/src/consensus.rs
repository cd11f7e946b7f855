//! A member's part in the cluster's agreement: the raft thread, the apply thread, and the handle through which all
//! else proposes and reads.

mod error;
mod handle;
mod settings;
mod snapshots;
mod status;

pub use error::ProposeError;
pub use handle::Consensus;
pub use settings::RaftSettings;
pub(crate) use snapshots::Prepared;
pub use status::{Counters, MemberProgress, RaftStatus, Role};
