//! Waiting until a round can be read.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use tokio::time::timeout;

use super::{Phase, Revision, Round, Watch};
use crate::{Error, RoundUid, network::Network, request::identified};

/// Waits until a round is Ready; made by [`Client::wait`](crate::Client::wait), started by `.await`.
#[must_use = "it waits when it is awaited"]
pub struct Wait<'a> {
    watch: Watch,
    patience: Option<Duration>,
    observe: Box<dyn FnMut(&Round) + Send + 'a>,
}

impl<'a> Wait<'a> {
    pub(crate) fn new(network: Arc<Network>, round: RoundUid) -> Self {
        Self { watch: Watch::new(network, round, Revision::default()), patience: None, observe: Box::new(|_| ()) }
    }

    /// Waits no longer than this. Without it the wait goes on as long as the cluster can be reached.
    pub fn timeout(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Calls this with the round as it is, then after each change.
    pub fn on_change(mut self, observe: impl FnMut(&Round) + Send + 'a) -> Self {
        self.observe = Box::new(observe);
        self
    }

    async fn run(mut self) -> Result<Round, Error> {
        let Some(patience) = self.patience else { return self.until_ready().await };
        match timeout(patience, self.until_ready()).await {
            Ok(round) => round,
            Err(_) => Err(Error::timed_out("waiting for the round", patience)),
        }
    }

    async fn until_ready(&mut self) -> Result<Round, Error> {
        let mut name = None;
        while let Some(change) = self.watch.next().await? {
            (self.observe)(&change.round);
            match change.round.phase {
                _ if change.deleted => {}
                Phase::Ready => return Ok(change.round),
                Phase::Failed => {
                    let why = change.round.failure.unwrap_or_else(|| "for no stated reason".to_owned());
                    return Err(Error::RoundFailed { round: change.round.id, why, request: None });
                }
                Phase::Open | Phase::Sealed | Phase::Expired => {}
            }
            name = Some(change.round.id);
        }
        Err(Error::RoundGone { round: name.unwrap_or_default(), request: None })
    }
}

impl<'a> IntoFuture for Wait<'a> {
    type Output = Result<Round, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        identified(self.run())
    }
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait").field("watch", &self.watch).field("patience", &self.patience).finish_non_exhaustive()
    }
}
