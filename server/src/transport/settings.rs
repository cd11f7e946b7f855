//! How connections to peers are tuned.

use std::time::Duration;

/// How connections to peers are made.
#[derive(Debug, Clone)]
pub struct TransportSettings {
    /// A connection attempt fails after so long.
    pub connect_timeout: Duration,
    /// Pause before the next attempt.
    pub retry_pause: Duration,
}

impl Default for TransportSettings {
    fn default() -> Self {
        Self { connect_timeout: Duration::from_secs(2), retry_pause: Duration::from_millis(200) }
    }
}
