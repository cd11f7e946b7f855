//! Looking up values without showing which.
//!
//! Everything that a node can see of a lookup (how many requests, how large, in which order) is decided from the
//! round's public shape and the padded number of keys before the first answer arrives. An absent key triggers nothing.

mod agreement;
mod kept;
mod lookups;
mod shape;
mod transfer;

pub(crate) use kept::KeptRounds;
pub use lookups::{Answers, GetMany, Method, Mode, Traffic};
pub use shape::Shape;
