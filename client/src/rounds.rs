//! Rounds: what they are asked to be, what they are, and how they change.

mod round;
mod spec;
mod wait;
mod watch;

pub(crate) use round::read_uid;
pub use round::{EncodingStatus, MemberRound, Phase, Plaintext, Round, WorkerProgress};
pub(crate) use spec::downloads_from_wire;
pub use spec::{Downloads, OnConflict, OnDeadline, RoundSpec, ValueLength, Workers};
pub use wait::Wait;
pub use watch::{Revision, RoundChange, Watch};
