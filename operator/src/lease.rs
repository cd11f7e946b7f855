//! Which of several operators works: the one that holds a `Lease` of the API server.
//!
//! The rules are those of Kubernetes' own controllers. A holder writes the Lease again and again; whoever has seen it
//! unchanged for its whole duration, by the clock of its own machine, may take it, so clocks of machines need not
//! agree. A holder that could not write it for a while stops before another may begin.
//!
//! A Lease is no fence: a call that hung may land after another operator has begun. What is carried out twice or late is
//! refused where it lands (see [`crate::plan::Action`]); the Lease only keeps operators out of each other's way.

mod election;
mod record;
mod tenure;

pub use election::{Election, LeaseError, Timing};
