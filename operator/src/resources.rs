//! The objects that a resource asks for.
//!
//! A builder of one object is a file. All of it is pure: the same resource asks for the same objects. Each carries a label by
//! which it is found, and a reference to the resource, with which it goes; claims alone outlive it.

pub mod annotations;
mod budget;
mod children;
mod claims;
mod config_map;
mod configuration;
mod error;
mod image;
pub mod labels;
pub mod names;
mod network_policy;
mod port;
mod service;
mod service_account;
mod stateful_set;
mod subject;
mod template;
#[cfg(test)]
mod tests;
mod unused;

pub use children::Children;
pub use claims::ClaimPatch;
pub use error::ResourcesError;
pub use port::Port;
use subject::Subject;
pub use template::PodTemplateError;
pub use unused::unused_config_maps;

/// Under which name the operator applies fields and reports events.
pub const FIELD_MANAGER: &str = "silhouette-operator";

/// The container in which a node runs.
pub const SERVER_CONTAINER: &str = "silhouette-server";

/// The volume with a node's data, one claim a pod.
pub const DATA_VOLUME: &str = "data";

/// Where a node finds it.
const DATA_DIRECTORY: &str = "/var/lib/silhouette";

/// The volume with the nodes' configuration.
const CONFIGURATION_VOLUME: &str = "config";

/// Where a node finds it.
const CONFIGURATION_DIRECTORY: &str = "/etc/silhouette";

/// The file there, and the key of the ConfigMap.
pub const CONFIGURATION_FILE: &str = "silhouette.yaml";
