//! A worker that streams without pause.

use std::{
    fmt,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use futures::stream;
use silhouette_proto::v1::{self, publish_values_response::Event};
use silhouette_tests::harness::{
    cluster::Cluster,
    waiting::PATIENCE,
    wire::{Wire, chunk, header, pair, spec},
};
use tokio::{sync::watch, task::JoinHandle, time::timeout};
use tokio_stream::StreamExt as _;

const WORKER: &str = "huge";
/// Bytes of a pair and pairs of a chunk: about half a mebibyte.
const VALUE_BYTES: usize = 1_000;
const CHUNK_PAIRS: u32 = 500;
/// Chunks of an upload; then it begins another, in whose favour the members drop this one.
const CHUNKS: u64 = 128;
/// Chunks of a stream that a server takes before any is durable (`publishing.window_chunks`).
const TAKEN_CHUNKS: u64 = 8;
/// Chunks that fill the flow-control window of a stream, 1 MiB: two, and the beginning of a third.
const WINDOW_CHUNKS: u64 = 3;

/// The worker, and the open round that it publishes to.
pub(crate) struct Publisher {
    uid: String,
    /// The leader, and a node that passes the stream on to it.
    ways: [Wire; 2],
}

/// What was streamed.
pub(crate) struct Streamed {
    bytes: u64,
    duration: Duration,
}

impl Publisher {
    /// Starts a round that waits for another worker, too: it stays open.
    pub(crate) async fn of(cluster: &Cluster) -> Result<Self> {
        let (leader, follower) = (cluster.leader().await?, cluster.follower().await?);
        let ways = [cluster.node(leader).wire()?, cluster.node(follower).wire()?];
        let value_length = Some(v1::round_spec::ValueLength::MaxValueBytes(VALUE_BYTES as u32));
        let max_pairs = Some(CHUNKS * u64::from(CHUNK_PAIRS));
        let spec = v1::RoundSpec { max_pairs, value_length, ..spec(2) };
        let uid = ways[0].start("open", spec).await?.round_uid;
        Ok(Self { uid, ways })
    }

    /// Streams at least so many bytes, at the leader and through a follower in turn.
    pub(crate) async fn stream(&self, bytes: u64) -> Result<Streamed> {
        let begun = Instant::now();
        let mut streamed = 0;
        for (attempt, wire) in (0_u128..).zip(self.ways.iter().cycle()) {
            if streamed >= bytes {
                break;
            }
            let uploaded = upload(wire, &self.uid, attempt.to_be_bytes(), || ()).await;
            uploaded.with_context(|| format!("upload {attempt}"))?;
            streamed += CHUNKS * u64::from(CHUNK_PAIRS) * VALUE_BYTES as u64;
        }
        Ok(Streamed { bytes: streamed, duration: begun.elapsed() })
    }

    /// The leader, over the connection that streams take.
    pub(crate) fn leader(&self) -> &Wire {
        &self.ways[0]
    }

    /// Begins an upload at the leader.
    pub(crate) fn begin(&self) -> Uploading {
        let (wire, uid) = (self.leader().clone(), self.uid.clone());
        let (sent, progress) = watch::channel(0);
        let task =
            tokio::spawn(
                async move { upload(&wire, &uid, [1; 16], move || sent.send_modify(|sent| *sent += 1)).await },
            );
        Uploading { task, progress }
    }
}

/// An upload under way.
pub(crate) struct Uploading {
    task: JoinHandle<Result<()>>,
    /// Chunks that were handed to the connection.
    progress: watch::Receiver<u64>,
}

impl Uploading {
    /// Waits until more is handed to the connection than the server takes while none of it becomes durable: so much
    /// that the stream's flow-control window is full.
    pub(crate) async fn waits(&self) -> Result<()> {
        self.has_sent(TAKEN_CHUNKS + WINDOW_CHUNKS).await
    }

    /// Waits until more is sent than could be while it waited, and ends it.
    pub(crate) async fn goes_on(self) -> Result<()> {
        self.has_sent(2 * (TAKEN_CHUNKS + WINDOW_CHUNKS)).await?;
        self.task.abort();
        Ok(())
    }

    async fn has_sent(&self, chunks: u64) -> Result<()> {
        let mut progress = self.progress.clone();
        let sent = timeout(PATIENCE, progress.wait_for(|sent| *sent >= chunks)).await;
        sent.with_context(|| format!("chunk {chunks} is not sent"))??;
        Ok(())
    }
}

/// Uploads all chunks until they are durable, and leaves it at that. Tells of each chunk that is to be sent.
async fn upload(wire: &Wire, uid: &str, upload_id: [u8; 16], mut tell: impl FnMut() + Send + 'static) -> Result<()> {
    let chunks = (0..CHUNKS).map(move |sequence| {
        tell();
        chunk(sequence, pairs(sequence))
    });
    let parts = stream::iter([header(uid, WORKER, upload_id)]).chain(stream::iter(chunks));
    // It neither ends nor commits.
    let parts = parts.chain(stream::pending());
    let mut answers = wire.rounds.clone().publish_values(parts).await?.into_inner();
    let mut durable = 0;
    while durable < CHUNKS {
        let answer = answers.message().await?.context("the stream ended")?;
        if let Some(Event::Durable(news)) = answer.event {
            ensure!(news.next_sequence > durable, "chunk {durable} became durable twice");
            durable = news.next_sequence;
        }
    }
    Ok(())
}

/// The pairs of a chunk: no key occurs in two.
fn pairs(sequence: u64) -> Vec<v1::Pair> {
    let key = |number: u32| [&sequence.to_be_bytes()[..], &number.to_be_bytes()].concat();
    (0..CHUNK_PAIRS).map(|number| pair(key(number), vec![7; VALUE_BYTES])).collect()
}

impl fmt::Display for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mebibytes, seconds) = (self.bytes as f64 / f64::from(1 << 20), self.duration.as_secs_f64());
        write!(f, "one worker streamed {mebibytes:.0} MiB in {seconds:.1} s")
    }
}
