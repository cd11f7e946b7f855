//! Lookups: planned from public numbers, then carried out without regard to what they find.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
    sync::Arc,
};

use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use silhouette_pir::{
    Client as Reader, Hint, Method as Cheaper, PendingAnswer, choose_method, hint_digest, okvs::Encoding,
    padded_lookups,
};
use silhouette_proto::v1::{DownloadEncodingRequest, GetHintRequest, QueryRequest};
use tokio::task::spawn_blocking;

use super::{
    Shape, agreement,
    kept::{KeptRound, KeptRounds},
    transfer::{self, Object},
};
use crate::{
    Downloads, Error, Progress, RoundName,
    network::{Call, Network, retrieval},
    random,
};

/// Bytes of a dummy lookup's key.
const DUMMY_KEY_BYTES: usize = 16;
const QUERYING: Call = Call::reads("looking up a key");

/// How values are read, if it is not left to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Mode {
    /// Whatever takes fewer bytes, by the round's shape and the padded number of keys.
    #[default]
    Auto,
    /// Private queries.
    Pir,
    /// The masked encoding, whole.
    Download,
}

/// How values were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// By private queries.
    Queries,
    /// From the masked encoding, downloaded whole.
    Download,
}

/// Payload that lookups have moved, framing left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Traffic {
    /// Queries sent, dummies included, each counted once however often it was repeated.
    pub queries: u64,
    /// Bytes of queries.
    pub bytes_sent: u64,
    /// Bytes of answers, hint and encoding.
    pub bytes_received: u64,
}

/// What lookups have found.
#[derive(Clone, PartialEq, Eq)]
pub struct Answers {
    values: Vec<Option<Vec<u8>>>,
    method: Method,
    traffic: Traffic,
}

impl Answers {
    /// A value for each key, in the order of the keys; `None` where the key was not published.
    pub fn values(&self) -> &[Option<Vec<u8>>] {
        &self.values
    }

    /// As [`Answers::values`], by value.
    pub fn into_values(self) -> Vec<Option<Vec<u8>>> {
        self.values
    }

    /// How they were read.
    pub const fn method(&self) -> Method {
        self.method
    }

    /// What it took. A hint or an encoding that was kept from before is not counted again.
    pub const fn traffic(&self) -> Traffic {
        self.traffic
    }
}

impl fmt::Debug for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answers").field("method", &self.method).field("traffic", &self.traffic).finish_non_exhaustive()
    }
}

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
        Box::pin(self.run())
    }
}

impl fmt::Debug for GetMany<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GetMany").field("round", &self.round).field("mode", &self.mode).finish_non_exhaustive()
    }
}

/// What will be requested.
#[derive(Debug, PartialEq, Eq)]
enum Planned {
    Queries { lookups: u64 },
    Download,
}

/// Decides what is requested, from public numbers and the padded number of keys alone.
fn plan(shape: &Shape, keys: u64, mode: Mode) -> Planned {
    let lookups = padded_lookups(keys, shape.expected_lookups());
    let cheaper = match mode {
        Mode::Auto => choose_method(shape.plan(), lookups, shape.downloads() == Downloads::Allowed),
        Mode::Pir => Cheaper::Queries,
        Mode::Download => Cheaper::Download,
    };
    match cheaper {
        Cheaper::Queries => Planned::Queries { lookups },
        Cheaper::Download => Planned::Download,
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
    Ok(kept.keep(agreement::describe(network, round).await?))
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

async fn fetch_reader(
    network: &Arc<Network>,
    shape: &Shape,
    report: &mut (dyn FnMut(u64) + Send),
) -> Result<Reader, Error> {
    let object = Object { name: "the hint", call: Call::reads("fetching the hint"), total_bytes: shape.hint_bytes() };
    let bytes = transfer::fetch(
        network,
        object,
        |channel, offset| {
            let request = GetHintRequest {
                round_uid: shape.uid().to_string(),
                encoding_digest: Bytes::copy_from_slice(shape.encoding_digest().as_bytes()),
                offset,
            };
            async move { retrieval(channel).get_hint(request).await }
        },
        report,
    )
    .await?;
    let shape = *shape;
    compute(move || {
        let wrong = |problem: String| Error::inconsistent("the hint", problem);
        if hint_digest(&bytes) != *shape.hint_digest().as_bytes() {
            return Err(wrong("its digest differs from the announced one".to_owned()));
        }
        let hint = Hint::from_bytes(shape.plan(), &bytes).map_err(|error| wrong(error.to_string()))?;
        Reader::new(*shape.plan(), *shape.parameters(), hint).map_err(|error| wrong(error.to_string()))
    })
    .await?
}

async fn fetch_encoding(
    network: &Arc<Network>,
    shape: &Shape,
    report: &mut (dyn FnMut(u64) + Send),
) -> Result<Encoding, Error> {
    let call = Call::reads("downloading the encoding");
    let object = Object { name: "the encoding", call, total_bytes: shape.encoding_bytes() };
    let bytes = transfer::fetch(
        network,
        object,
        |channel, offset| {
            let request = DownloadEncodingRequest {
                round_uid: shape.uid().to_string(),
                encoding_digest: Bytes::copy_from_slice(shape.encoding_digest().as_bytes()),
                offset,
            };
            async move { retrieval(channel).download_encoding(request).await }
        },
        report,
    )
    .await?;
    let shape = *shape;
    compute(move || {
        let wrong = |problem: String| Error::inconsistent("the encoding", problem);
        let encoding = Encoding::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))?;
        if encoding.digest() != *shape.encoding_digest().as_bytes() {
            return Err(wrong("its digest differs from the announced one".to_owned()));
        }
        if encoding.parameters() != shape.parameters() {
            return Err(wrong("its parameters differ from the round's".to_owned()));
        }
        Ok(encoding)
    })
    .await?
}

/// Runs what keeps a processor busy where it holds up no connection.
async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    spawn_blocking(work).await.map_err(|error| Error::inconsistent("a computation", error.to_string()))
}

#[cfg(test)]
mod tests {
    use silhouette_proto::v1;

    use super::*;
    use crate::retrieval::shape::tests::wire;

    fn shape(pairs: u64, downloads: v1::Downloads) -> Shape {
        let wire = v1::Shape { downloads: downloads.into(), ..wire(1, pairs) };
        Shape::from_wire(&wire).expect("a description")
    }

    #[test]
    fn the_plan_follows_from_the_padded_number_of_keys() {
        let shape = shape(1 << 17, v1::Downloads::Forbidden);
        for (keys, lookups) in [(1, 6), (6, 6), (7, 12), (12, 12), (13, 18)] {
            assert_eq!(plan(&shape, keys, Mode::Auto), Planned::Queries { lookups }, "{keys} keys");
            assert_eq!(plan(&shape, keys, Mode::Pir), Planned::Queries { lookups }, "{keys} keys");
        }
    }

    #[test]
    fn the_cheaper_way_is_taken_unless_one_is_demanded_or_forbidden() {
        let (small, large) = (shape(100, v1::Downloads::Allowed), shape(1 << 18, v1::Downloads::Allowed));
        assert_eq!(plan(&small, 1, Mode::Auto), Planned::Download);
        assert_eq!(plan(&large, 1, Mode::Auto), Planned::Queries { lookups: 6 });
        assert_eq!(plan(&large, 100_000, Mode::Auto), Planned::Download);
        assert_eq!(plan(&small, 1, Mode::Pir), Planned::Queries { lookups: 6 });
        assert_eq!(plan(&large, 1, Mode::Download), Planned::Download);
        let closed = shape(100, v1::Downloads::Forbidden);
        assert_eq!(plan(&closed, 1, Mode::Auto), Planned::Queries { lookups: 6 });
    }

    #[test]
    fn what_was_found_is_not_shown() {
        let answers = Answers {
            values: vec![Some(b"a secret value".to_vec())],
            method: Method::Queries,
            traffic: Traffic::default(),
        };
        let shown = format!("{answers:?}");
        assert!(!shown.contains("secret") && !shown.contains("97"), "{shown}");
    }
}
