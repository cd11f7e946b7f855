//! Publishing one worker's pairs.

mod chunks;
mod upload;

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};

use self::{chunks::Chunks, upload::Upload};
use crate::{Error, Progress, RoundUid, network::Network, request::identified};

/// What became of a publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// How many pairs it has.
    pub pairs: u64,
    /// Whether the worker had already published this very content.
    pub already: bool,
}

/// Publishes one worker's pairs; made by [`Client::publish`](crate::Client::publish), started by `.await`.
#[must_use = "it publishes when it is awaited"]
pub struct Publish<'a> {
    network: Arc<Network>,
    round: RoundUid,
    worker: String,
    chunks: Chunks,
    observe: Box<dyn FnMut(Progress) + Send + 'a>,
}

impl<'a> Publish<'a> {
    pub(crate) fn new<K, V>(
        network: Arc<Network>,
        round: RoundUid,
        worker: String,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self
    where
        K: Into<Vec<u8>>,
        V: Into<Vec<u8>>,
    {
        let chunks = Chunks::of(pairs, network.settings().chunk_bytes);
        Self { network, round, worker, chunks, observe: Box::new(|_| ()) }
    }

    /// Calls this with the bytes of pairs that are durable, out of all, whenever it is more.
    pub fn on_progress(mut self, observe: impl FnMut(Progress) + Send + 'a) -> Self {
        self.observe = Box::new(observe);
        self
    }
}

impl<'a> IntoFuture for Publish<'a> {
    type Output = Result<Published, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        identified(
            async move { Upload::new(self.network, self.round, self.worker, self.chunks)?.run(self.observe).await },
        )
    }
}

impl fmt::Debug for Publish<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publish").field("round", &self.round).field("worker", &self.worker).finish_non_exhaustive()
    }
}
