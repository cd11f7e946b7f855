//! Real nodes: pods that run real `silhouette-server` processes.

use std::time::Duration;

mod at_rest;
mod bad_input;
mod scene;
mod stand_in;
mod traffic;
mod whole_life;
mod witness;

/// How long any state may take to come about. Generous: it only bounds how long a broken system is watched.
const PATIENCE: Duration = Duration::from_mins(3);
