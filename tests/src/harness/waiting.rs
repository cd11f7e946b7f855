//! Waiting for states: nothing in a test sleeps for a guessed time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// How long any state may take to come about. Generous: it only bounds how long a broken system is watched.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Repeats `attempt` until it succeeds, and returns what it gave; its last error after [`PATIENCE`].
pub async fn eventually<T>(what: &str, attempt: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    within(PATIENCE, what, attempt).await
}

/// [`eventually`] with another patience.
pub async fn within<T>(patience: Duration, what: &str, mut attempt: impl AsyncFnMut() -> Result<T>) -> Result<T> {
    let begun = Instant::now();
    loop {
        let left = patience.saturating_sub(begun.elapsed());
        // An attempt that hangs must not outlive the patience.
        let outcome = match tokio::time::timeout(left.max(PAUSE), attempt()).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(elapsed.into()),
        };
        match outcome {
            Ok(value) => return Ok(value),
            Err(error) if begun.elapsed() >= patience => {
                return Err(error).with_context(|| format!("within {patience:?} it did not happen that {what}"));
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
