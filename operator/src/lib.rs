//! The operator of Silhouette: keeps the cluster that a `SilhouetteCluster` asks for.
//!
//! ```text
//!   API server, nodes ──observe──> Observed ──plan (pure)──> Plan ──carry out──> one step ──> again
//!                                      ^ Desired, of the resource's spec            │
//!                                      └─────────────────────────────────────────────┘
//! ```
//!
//! # Invariants
//! - [`plan::plan`] is pure: the same input gives the same plan. A pass carries out one step at most, the first that no
//!   guard refuses ([`plan::GUARDS`]).
//! - The truth is on the nodes' disks. Whatever the resource's status or annotations say is a cache.
//! - What is deleted or evicted is named by uid and version, a change of members by cluster and by the index of the
//!   configuration that was seen: a step that was planned from an old observation changes nothing.
//! - What is taken away is released first, by a mark on the object that whoever needs it takes back.

pub mod api;
pub mod carry;
pub mod connection;
pub mod controller;
pub mod desired;
#[cfg(test)]
mod fixture;
pub mod ids;
pub mod lease;
pub mod look;
pub mod nodes;
pub mod observed;
pub mod plan;
pub mod report;
pub mod resources;
pub mod status;
pub mod surroundings;
pub mod telemetry;
#[cfg(test)]
mod transport;
