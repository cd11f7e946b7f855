//! Looking up values without showing which.
//!
//! Everything that a node can see of a lookup (how many requests, how large, in which order) is decided from the
//! round's public shape and the padded number of keys before the first answer arrives. An absent key triggers nothing.

mod agreement;
mod answers;
mod kept;
mod lookups;
mod material;
mod plan;
mod shape;
mod transfer;

use std::sync::Arc;

pub use answers::{Answers, Method, Traffic};
pub(crate) use kept::KeptRounds;
pub use lookups::GetMany;
pub use plan::Mode;
pub use shape::Shape;

use crate::{Error, RoundName, network::Network};

/// A round's public description, as it is kept or as it is asked for now.
pub(crate) async fn describe(network: &Arc<Network>, kept: &KeptRounds, round: &RoundName) -> Result<Shape, Error> {
    Ok(lookups::describe(network, kept, round).await?.shape)
}
