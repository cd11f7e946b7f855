//! The objects that a resource asks for.
//!
//! A builder of one object is a file. All of it is pure: the same resource asks for the same objects.

pub mod annotations;
mod image;
pub mod labels;
pub mod names;
mod port;

pub use port::Port;

/// Under which name the operator applies fields and reports events.
pub const FIELD_MANAGER: &str = "silhouette-operator";

/// The container in which a node runs.
pub const SERVER_CONTAINER: &str = "silhouette-server";

/// The volume with a node's data, one claim a pod.
pub const DATA_VOLUME: &str = "data";
