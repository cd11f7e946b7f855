//! How long a change of the cluster may still take.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::{
    network::{Backoff, Network},
    random,
};

/// The time of one change, all its steps and repetitions included, and the pauses between these.
#[derive(Debug)]
pub(super) struct Patience {
    started: Instant,
    whole: Duration,
    backoff: Backoff,
    pauses: u32,
}

impl Patience {
    /// As long as the client's calls may take.
    pub(super) fn new(network: &Network) -> Self {
        let settings = network.settings();
        let backoff = Backoff::new(settings.first_pause, settings.longest_pause);
        Self { started: Instant::now(), whole: settings.timeout, backoff, pauses: 0 }
    }

    /// All of it.
    pub(super) const fn whole(&self) -> Duration {
        self.whole
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Duration {
        self.whole.saturating_sub(self.started.elapsed())
    }

    /// Pauses, for longer each time. False, at once, if the time would be over.
    pub(super) async fn pause(&mut self) -> bool {
        let pause = self.backoff.pause(self.pauses, random::fraction());
        if pause >= self.left() {
            return false;
        }
        self.pauses += 1;
        sleep(pause).await;
        true
    }
}
