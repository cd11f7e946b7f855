//! Behaviours of the replicated state machine, through its public interface alone.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod admission;
mod conflicts;
mod determinism;
mod dice;
mod divergence;
mod encoding;
mod lifecycle;
mod limits;
mod machine;
mod members;
mod publishing;
mod replay;
mod starting;
