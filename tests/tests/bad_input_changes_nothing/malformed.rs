//! Bytes that are no message at all.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use silhouette_client::Mode;
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    frames,
    rounds::{check_answers, messages, random_pairs},
    waiting::PATIENCE,
    wire::{self, pair, refused},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tonic::Code;

use super::{Essence, is, unchanged};

/// Every method whose request is one message; a stream's first message is one too.
const METHODS: [&str; 20] = [
    "/silhouette.v1.Rounds/StartRound",
    "/silhouette.v1.Rounds/PublishBatch",
    "/silhouette.v1.Rounds/PublishValues",
    "/silhouette.v1.Rounds/SealRound",
    "/silhouette.v1.Rounds/DeleteRound",
    "/silhouette.v1.Rounds/GetRound",
    "/silhouette.v1.Rounds/ListRounds",
    "/silhouette.v1.Rounds/WatchRound",
    "/silhouette.v1.Retrieval/GetShape",
    "/silhouette.v1.Retrieval/GetHint",
    "/silhouette.v1.Retrieval/Query",
    "/silhouette.v1.Retrieval/DownloadEncoding",
    "/silhouette.v1.Cluster/GetIdentity",
    "/silhouette.v1.Cluster/Bootstrap",
    "/silhouette.v1.Cluster/AllocateMember",
    "/silhouette.v1.Cluster/Join",
    "/silhouette.v1.Cluster/ChangeMembers",
    "/silhouette.v1.Cluster/ListMembers",
    "/silhouette.v1.Cluster/TransferLeadership",
    "/silhouette.v1.Cluster/InspectState",
];

/// Bytes that are no protobuf message of any type.
fn no_messages() -> [Vec<u8>; 4] {
    [
        // A tag that does not end.
        vec![0xff; 12],
        // Wire type 7 does not exist.
        vec![0x0f, 0x01],
        // A field that claims to be longer than what follows.
        vec![0x0a, 0x7f, 0x01],
        // Field number 0.
        vec![0x00, 0x00],
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_message_are_refused_by_every_method() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let uid = wire.start("untouched", wire::spec(2)).await?.round_uid;
    wire.publish(&uid, "w0", vec![pair("a", "1")]).await?;
    let before = Essence::seen_by(&cluster, 0).await?;
    for index in 0..3 {
        let channel = cluster.node(index).wire()?.channel;
        for method in METHODS {
            for message in no_messages() {
                let answer = frames::call(channel.clone(), method, message.clone()).await;
                let refusal = refused(answer).with_context(|| format!("{method} with {message:02x?}"))?;
                is(&refusal, "INVALID_REQUEST", Code::InvalidArgument, &["fields"]);
            }
        }
    }
    unchanged(&mut cluster, &before).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_too_large_are_refused() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let uid = wire.start("untouched", wire::spec(2)).await?.round_uid;
    let before = Essence::seen_by(&cluster, 0).await?;
    // 2 MiB of pairs that are each as they must be.
    let many: Vec<_> = (0..40_000_u32).map(|number| pair(number.to_be_bytes(), [0; 48])).collect();
    for index in 0..3 {
        let wire = cluster.node(index).wire()?;
        let refusal = refused(wire.publish(&uid, "w0", many.clone()).await)?;
        assert!(["CHUNK_TOO_LARGE", "INVALID_REQUEST"].contains(&refusal.reason.as_str()), "{refusal:?}");
        let stream = vec![wire::header(&uid, "w0", [1; 16]), wire::chunk(0, many.clone())];
        let refusal = refused(wire.stream(stream).await)?;
        assert!(["CHUNK_TOO_LARGE", "INVALID_REQUEST"].contains(&refusal.reason.as_str()), "{refusal:?}");
    }
    unchanged(&mut cluster, &before).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_http_do_not_disturb_any_port() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let uid = wire.start("undisturbed", wire::spec(1)).await?.round_uid;
    let before = Essence::seen_by(&cluster, 0).await?;
    let mut random = fastrand::Rng::with_seed(6);
    for node in cluster.nodes() {
        let addresses = node.addresses();
        for address in [addresses.client, addresses.peer, addresses.http] {
            for length in [1, 24, 4_096] {
                let noise: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(length).collect();
                babble(address, &noise).await.with_context(|| format!("{address} with {length} bytes"))?;
            }
            // The preface of HTTP/2, then a frame of 16 MiB that is none.
            let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(), &[0xff; 64]].concat();
            babble(address, &preface).await.with_context(|| format!("{address} with a preface"))?;
        }
    }
    unchanged(&mut cluster, &before).await?;
    let pairs = random_pairs(&mut random, 20);
    wire.publish(&uid, "w0", messages(&pairs)).await?;
    wire.reaches(&uid, v1::Phase::Ready).await?;
    check_answers(&cluster.client()?, uid.parse()?, &pairs, Mode::Pir).await?;
    cluster.passed();
    Ok(())
}

/// Connects, says this and no more, and reads until the other side ends it.
async fn babble(address: SocketAddr, noise: &[u8]) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    // It may be reset at any point; that is an answer too.
    let _ = stream.write_all(noise).await;
    let _ = stream.shutdown().await;
    let mut answer = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    ended.context("the connection stays open although its client has ended it").map(|_| ())
}
