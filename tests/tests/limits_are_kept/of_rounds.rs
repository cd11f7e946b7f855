//! What rounds may be and hold, as all members agree on it.

use anyhow::{Context as _, Result, ensure};
use silhouette_proto::v1::{self, round_spec::ValueLength};
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    wire::{self, Wire, chunk, header, pair, refused},
};
use tonic::{Code, Status};

use super::is_told;

const KEY_BYTES: usize = 16;
const VALUE_BYTES: usize = 32;
const PAIRS: usize = 8;
const CHUNK_BYTES: usize = 256;
const OPEN_ROUNDS: u64 = 3;
const WORKERS: u32 = 4;
/// What a chunk of one pair counts beside its bytes: 64 for the pair and 256 for the chunk.
const CHARGE: usize = 64 + 256;
/// Room for a pair whose key is one byte short of the longest, and one whose key is the longest.
const ROUND_BYTES: usize = 2 * (framed(KEY_BYTES, VALUE_BYTES) + CHARGE) - 1 + SEQUENCE_BYTES;
/// What a chunk's number takes, if it is not 0.
const SEQUENCE_BYTES: usize = 2;

/// Bytes of a pair within a chunk: each of its two fields, itself and its place in the chunk have a tag and a length.
const fn framed(key: usize, value: usize) -> usize {
    6 + key + value
}

fn limits() -> Configuration {
    Configuration::short_times()
        .number("rounds.max_key_bytes", KEY_BYTES as u64)
        .number("rounds.max_value_bytes", VALUE_BYTES as u64)
        .number("rounds.max_pairs", PAIRS as u64)
        .number("rounds.max_chunk_bytes", CHUNK_BYTES as u64)
        .number("rounds.max_open_rounds", OPEN_ROUNDS)
        .number("rounds.max_workers", u64::from(WORKERS))
}

/// A call that is within a limit, or beyond it by one.
#[derive(Debug, Clone)]
enum Attempt {
    /// Starts a round.
    Start(v1::RoundSpec),
    /// Publishes to the round that is there, in one message.
    Publish(Vec<v1::Pair>),
    /// Publishes to it by a stream of such chunks, without a commit.
    Stage(Vec<Vec<v1::Pair>>),
}

impl Attempt {
    async fn make(self, wire: &Wire, uid: &str, worker: &str) -> Result<(), Status> {
        match self {
            Self::Start(spec) => wire.start(worker, spec).await.map(|_| ()),
            Self::Publish(pairs) => wire.publish(uid, worker, pairs).await.map(|_| ()),
            Self::Stage(chunks) => {
                let chunks = (0..).zip(chunks).map(|(sequence, pairs)| chunk(sequence, pairs));
                let staged = wire.stream([header(uid, worker, [1; 16])].into_iter().chain(chunks).collect()).await;
                match staged {
                    // There is no commit: whatever was staged is within the limits.
                    Err(status)
                        if refused::<()>(Err(status.clone())).is_ok_and(|no| no.reason == "STREAM_MALFORMED") =>
                    {
                        Ok(())
                    }
                    staged => staged.map(|_| ()),
                }
            }
        }
    }
}

fn pairs(number: usize, key: usize, value: usize) -> Vec<v1::Pair> {
    (0..number).map(|number| pair(key_of(number, key), vec![b'v'; value])).collect()
}

fn key_of(number: usize, bytes: usize) -> Vec<u8> {
    let mut key = vec![b'k'; bytes];
    key[0] = number as u8;
    key
}

/// Four pairs at their longest and one that fills the chunk up to so many bytes.
fn chunk_of(bytes: usize) -> Vec<v1::Pair> {
    let mut chunk = pairs(4, KEY_BYTES, VALUE_BYTES);
    let left = bytes - 4 * framed(KEY_BYTES, VALUE_BYTES);
    chunk.push(pair(key_of(4, 8), vec![b'v'; left - framed(8, 0)]));
    chunk
}

/// For so many workers, with values of so many bytes.
fn spec(workers: u32, value_bytes: usize) -> v1::RoundSpec {
    v1::RoundSpec { value_length: Some(ValueLength::MaxValueBytes(value_bytes as u32)), ..wire::spec(workers) }
}

fn room_for(pairs: usize) -> v1::RoundSpec {
    v1::RoundSpec { max_pairs: Some(pairs as u64), ..spec(1, VALUE_BYTES) }
}

/// What each limit allows, what is one more, and how that is refused.
fn crossings() -> Vec<(&'static str, Attempt, Attempt, &'static str, Code)> {
    vec![
        (
            "a key's length",
            Attempt::Publish(pairs(1, KEY_BYTES, 1)),
            Attempt::Publish(pairs(1, KEY_BYTES + 1, 1)),
            "KEY_TOO_LONG",
            Code::InvalidArgument,
        ),
        (
            "a value's length",
            Attempt::Publish(pairs(1, 1, VALUE_BYTES)),
            Attempt::Publish(pairs(1, 1, VALUE_BYTES + 1)),
            "VALUE_TOO_LONG",
            Code::InvalidArgument,
        ),
        (
            "the length of a round's values",
            Attempt::Start(spec(1, VALUE_BYTES)),
            Attempt::Start(spec(1, VALUE_BYTES + 1)),
            "INVALID_REQUEST",
            Code::InvalidArgument,
        ),
        (
            "a round's maximum",
            Attempt::Start(room_for(PAIRS)),
            Attempt::Start(room_for(PAIRS + 1)),
            "INVALID_REQUEST",
            Code::InvalidArgument,
        ),
        (
            "a round's workers",
            Attempt::Start(spec(WORKERS, VALUE_BYTES)),
            Attempt::Start(spec(WORKERS + 1, VALUE_BYTES)),
            "INVALID_REQUEST",
            Code::InvalidArgument,
        ),
        (
            "pairs",
            Attempt::Publish(pairs(PAIRS, 4, 4)),
            Attempt::Publish(pairs(PAIRS + 1, 4, 4)),
            "TOO_MANY_PAIRS",
            Code::ResourceExhausted,
        ),
        (
            "a chunk's bytes",
            Attempt::Stage(vec![chunk_of(CHUNK_BYTES)]),
            Attempt::Stage(vec![chunk_of(CHUNK_BYTES + 1)]),
            "CHUNK_TOO_LARGE",
            Code::InvalidArgument,
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_than_a_round_may_be_or_hold_is_refused() -> Result<()> {
    let cluster = Cluster::of(3, limits()).await?;
    for (index, (what, within, beyond, reason, code)) in crossings().into_iter().enumerate() {
        // Each at another node: all members keep the same limits.
        let wire = cluster.node(index % 3).wire()?;
        let round = wire.start(&format!("round-{index}"), spec(2, VALUE_BYTES)).await?;
        refused_without_trace(&cluster, beyond, &round.round_uid, reason, code).await.context(what)?;
        within.make(&wire, &round.round_uid, &format!("within-{index}")).await.context(what)?;
        for round in wire.list().await? {
            cluster.client()?.delete_round(round.round_uid.parse()?).await?;
        }
    }
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_byte_more_than_a_round_holds_is_refused() -> Result<()> {
    let cluster = Cluster::of(3, limits().number("rounds.max_bytes_per_round", ROUND_BYTES as u64)).await?;
    let wire = cluster.node(0).wire()?;
    let longest = |number| vec![pair(key_of(number, KEY_BYTES), [b'v'; VALUE_BYTES])];
    let short = vec![pair(key_of(0, KEY_BYTES - 1), [b'v'; VALUE_BYTES])];
    let within = wire.start("within", spec(2, VALUE_BYTES)).await?.round_uid;
    Attempt::Stage(vec![short, longest(1)]).make(&wire, &within, "w0").await?;
    let beyond = wire.start("beyond", spec(2, VALUE_BYTES)).await?.round_uid;
    let refusal = refused(Attempt::Stage(vec![longest(0), longest(1)]).make(&wire, &beyond, "w0").await)?;
    assert_eq!((refusal.reason.as_str(), refusal.code), ("ROUND_TOO_LARGE", Code::ResourceExhausted), "{refusal:?}");
    assert_eq!(refusal.metadata["limit"], ROUND_BYTES.to_string());
    assert_eq!(refusal.metadata["bytes"], (ROUND_BYTES + 1).to_string());
    ensure!(wire.round(&beyond).await?.workers_published == 0, "nothing is published");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_round_than_there_may_be_is_refused() -> Result<()> {
    let cluster = Cluster::of(3, limits().number("rounds.max_rounds", OPEN_ROUNDS + 1)).await?;
    let wire = cluster.node(0).wire()?;
    let another = || Attempt::Start(spec(1, VALUE_BYTES));
    let mut open = Vec::new();
    for number in 0..OPEN_ROUNDS {
        open.push(wire.start(&format!("open-{number}"), spec(1, VALUE_BYTES)).await?.round_uid);
    }
    refused_without_trace(&cluster, another(), "", "TOO_MANY_OPEN_ROUNDS", Code::ResourceExhausted).await?;
    // Once they are Ready they are not open any more, but still there.
    for uid in &open {
        wire.publish(uid, "w0", vec![pair("a", "1")]).await?;
        wire.reaches(uid, v1::Phase::Ready).await?;
    }
    cluster.settled().await?;
    let last = wire.start("last", spec(1, VALUE_BYTES)).await?.round_uid;
    refused_without_trace(&cluster, another(), "", "TOO_MANY_ROUNDS", Code::ResourceExhausted).await?;
    cluster.client()?.delete_round(last.parse()?).await?;
    another().make(&wire, "", "another").await?;
    is_told(cluster.node(0), "TOO_MANY_ROUNDS").await?;
    cluster.passed();
    Ok(())
}

/// Asserts that an attempt is refused so by every node, and that no node's rounds have changed.
async fn refused_without_trace(cluster: &Cluster, attempt: Attempt, uid: &str, reason: &str, code: Code) -> Result<()> {
    for node in cluster.nodes() {
        let wire = node.wire()?;
        let before = wire.rounds_at_rest().await?;
        let refusal = refused(attempt.clone().make(&wire, uid, "beyond").await)?;
        assert_eq!((refusal.reason.as_str(), refusal.code), (reason, code), "{refusal:?}");
        assert_eq!(wire.rounds_at_rest().await?, before, "{reason}");
        is_told(node, reason).await?;
    }
    Ok(())
}
