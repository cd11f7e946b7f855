//! Whole-system tests of Silhouette, and its demonstration.
//!
//! [`harness`] runs real `silhouette-server` processes with data directories of their own and does to them what the
//! world does: kills, pauses, cuts off, fills and wipes them. Nothing in it sleeps for a guessed time; it waits for
//! states. The tests are in `tests/`, a file for each promise, named as sentences. [`demo`] is what `make demo` runs.
//!
//! ```no_run
//! use silhouette_client::RoundSpec;
//! use silhouette_tests::harness::cluster::Cluster;
//!
//! # async fn example() -> anyhow::Result<()> {
//! let mut cluster = Cluster::of_three().await?;
//! let client = cluster.client()?;
//! let round = client.start_round("r1", &RoundSpec::for_workers(1)).await?;
//! let leader = cluster.leader().await?;
//! cluster.node_mut(leader).kill()?;
//! client.publish(round.uid, "w0", [("vertex-17", "3")]).await?;
//! cluster.passed();
//! # Ok(())
//! # }
//! ```

pub mod demo;
pub mod documentation;
pub mod harness;
pub mod kubernetes;
