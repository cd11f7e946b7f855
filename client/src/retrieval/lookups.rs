//! Lookups: planned from public numbers, then carried out without regard to what they find.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use silhouette_pir::{Client as Reader, PendingAnswer};
use silhouette_proto::v1::QueryRequest;

use super::{
    Answers, Method, Mode, Shape, Traffic, agreement,
    kept::{KeptRound, KeptRounds},
    material::{compute, fetch_encoding, fetch_reader},
    plan::{Planned, plan},
};
use crate::{
    Error, Progress, RoundName,
    network::{Call, Network, retrieval},
    random,
    request::identified,
};

/// Bytes of a dummy lookup's key.
const DUMMY_KEY_BYTES: usize = 16;
const QUERYING: Call = Call::reads("looking up a key");

/// Looks up keys; made by [`Client::get_many`](crate::Client::get_many), started by `.await`.
#[must_use = "it looks up when it is awaited"]
pub struct GetMany<'a> {
    network: Arc<Network>,
    kept: Arc<KeptRounds>,
    round: RoundName,
    keys: Vec<Vec<u8>>,
    mode: Mode,
    observe: Box<dyn FnMut(Progress) + Send + 'a>,
}

impl<'a> GetMany<'a> {
    pub(crate) fn new(network: Arc<Network>, kept: Arc<KeptRounds>, round: RoundName, keys: Vec<Vec<u8>>) -> Self {
        Self { network, kept, round, keys, mode: Mode::Auto, observe: Box::new(|_| ()) }
    }

    /// Sets how values are read.
    pub fn mode(mut self, mode: Mode) -> Self {
        self.mode = mode;
        self
    }

    /// Calls this with the bytes that were moved, out of all that the plan needs.
    pub fn on_progress(mut self, observe: impl FnMut(Progress) + Send + 'a) -> Self {
        self.observe = Box::new(observe);
        self
    }

    async fn run(mut self) -> Result<Answers, Error> {
        let round = describe(&self.network, &self.kept, &self.round).await?;
        match plan(&round.shape, self.keys.len() as u64, self.mode) {
            Planned::Queries { lookups } => self.query(&round, lookups).await,
            Planned::Download => self.download(&round).await,
        }
    }

    async fn query(&mut self, round: &Arc<KeptRound>, lookups: u64) -> Result<Answers, Error> {
        let shape = round.shape;
        let (query_bytes, answer_bytes) = (shape.query_bytes(), shape.answer_bytes());
        let hint_bytes = if round.reader.initialized() { 0 } else { shape.hint_bytes() };
        let total = hint_bytes + lookups * (query_bytes + answer_bytes);
        let observe = &mut self.observe;
        let mut report = move |done| observe(Progress { done, total });
        report(0);
        let network = &self.network;
        let reader = round.reader.get_or_try_init(|| fetch_reader(network, &shape, &mut report)).await?;

        let keys = std::mem::take(&mut self.keys);
        let wanted = keys.len();
        let dummies = (wanted as u64..lookups).map(|_| random::bytes::<DUMMY_KEY_BYTES>().map(Vec::from));
        let keys = keys.into_iter().map(Ok).chain(dummies);
        let mut opened = stream::iter(keys)
            .map(|key| look_up(network, &shape, reader, key))
            .buffered(network.settings().queries_in_flight);
        // What an answer holds, an error included, is looked at only once every request has been made.
        let mut outcomes = Vec::with_capacity(wanted);
        let mut done = 0;
        while let Some(outcome) = opened.try_next().await? {
            outcomes.push(outcome);
            done += 1;
            report(hint_bytes + done * (query_bytes + answer_bytes));
        }
        let mut values = outcomes.into_iter().collect::<Result<Vec<_>, _>>()?;
        values.truncate(wanted);
        let traffic = Traffic {
            queries: lookups,
            bytes_sent: lookups * query_bytes,
            bytes_received: hint_bytes + lookups * answer_bytes,
        };
        Ok(Answers { values, method: Method::Queries, traffic })
    }

    async fn download(&mut self, round: &Arc<KeptRound>) -> Result<Answers, Error> {
        let shape = round.shape;
        let bytes_received = if round.encoding.initialized() { 0 } else { shape.encoding_bytes() };
        let observe = &mut self.observe;
        let mut report = move |done| observe(Progress { done, total: bytes_received });
        report(0);
        let network = &self.network;
        round.encoding.get_or_try_init(|| fetch_encoding(network, &shape, &mut report)).await?;

        let keys = std::mem::take(&mut self.keys);
        let round = Arc::clone(round);
        let values = compute(move || {
            let encoding = round.encoding.get()?;
            Some(keys.iter().map(|key| encoding.get(key)).collect())
        });
        let values = values.await?.ok_or_else(|| Error::inconsistent("the encoding", "it is gone"))?;
        let traffic = Traffic { queries: 0, bytes_sent: 0, bytes_received };
        Ok(Answers { values, method: Method::Download, traffic })
    }
}

impl<'a> IntoFuture for GetMany<'a> {
    type Output = Result<Answers, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        identified(self.run())
    }
}

impl fmt::Debug for GetMany<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetMany").field("round", &self.round).field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// The round's description, as it is kept or as it is asked for now. A round that is named by its id is always asked
/// for: the id may have gone to another.
pub(super) async fn describe(
    network: &Arc<Network>,
    kept: &KeptRounds,
    round: &RoundName,
) -> Result<Arc<KeptRound>, Error> {
    if let RoundName::Uid(uid) = round
        && let Some(kept) = kept.find(*uid)
    {
        return Ok(kept);
    }
    Ok(kept.keep(&agreement::describe(network, round).await?))
}

/// One lookup: a query with a secret of its own, its answer, and what that opens to. The outer error is the request's,
/// the inner one the answer's.
async fn look_up(
    network: &Arc<Network>,
    shape: &Shape,
    reader: &Reader,
    key: Result<Vec<u8>, Error>,
) -> Result<Result<Option<Vec<u8>>, Error>, Error> {
    let (key, reader) = (key?, reader.clone());
    let (query, pending) = compute(move || reader.query(&key)).await?.map_err(|_| Error::Randomness)?;
    // A request that is repeated has the same bytes: the secret is never used for two different ones.
    let query = Bytes::from(query);
    let response = network
        .call(QUERYING, |channel| {
            let request = QueryRequest {
                round_uid: shape.uid().to_string(),
                encoding_digest: Bytes::copy_from_slice(shape.encoding_digest().as_bytes()),
                query: query.clone(),
            };
            async move { retrieval(channel).query(request).await }
        })
        .await?;
    if response.encoding_digest.as_ref() != shape.encoding_digest().as_bytes() {
        return Err(Error::inconsistent("the answer", "it is of another encoding"));
    }
    compute(move || open(pending, &response.answer)).await
}

fn open(pending: PendingAnswer, answer: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    pending.open(answer).map_err(|error| Error::inconsistent("the answer", error.to_string()))
}
