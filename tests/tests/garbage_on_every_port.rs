//! Whatever is sent to whichever port, and however it is left there, a node stays up, answers others, and keeps nothing
//! of it.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};
use silhouette_client::RoundSpec;
use silhouette_tests::harness::{
    cluster::Cluster,
    configuration::Configuration,
    load::Load,
    node::Node,
    rounds::published,
    waiting::{PATIENCE, eventually},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    task::JoinSet,
};

/// With which every connection of HTTP/2 begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How often each kind is sent to each port.
const TIMES: usize = 8;

/// What a node's memory may grow by under all of it: far less than if it kept what it is sent, or what it thinks of
/// each connection.
const GROWTH_BYTES: u64 = 64 << 20;

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = payload.len() as u32;
    [&length.to_be_bytes()[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The preface, an empty SETTINGS, and more.
fn http2(more: &[Vec<u8>]) -> Vec<u8> {
    [PREFACE, &frame(4, 0, 0, &[]), &more.concat()].concat()
}

/// A header in literal form, neither indexed nor compressed.
fn header(name: &[u8], value: &[u8]) -> Vec<u8> {
    let length = |bytes: &[u8]| -> Vec<u8> {
        // A length of seven bits, or 127 and the rest in groups of seven bits.
        let mut rest = bytes.len();
        if rest < 127 {
            return vec![rest as u8];
        }
        let mut coded = vec![127];
        rest -= 127;
        while rest >= 128 {
            coded.push((rest % 128 + 128) as u8);
            rest /= 128;
        }
        coded.push(rest as u8);
        coded
    };
    [&[0][..], &length(name), name, &length(value), value].concat()
}

fn call(path: &[u8], content_type: &[u8]) -> Vec<u8> {
    [
        header(b":method", b"POST"),
        header(b":scheme", b"http"),
        header(b":path", path),
        header(b":authority", b"x"),
        header(b"content-type", content_type),
        header(b"te", b"trailers"),
    ]
    .concat()
}

/// Kinds of garbage by name.
fn kinds(random: &mut fastrand::Rng) -> Vec<(&'static str, Vec<u8>)> {
    let noise = |random: &mut fastrand::Rng, length: usize| -> Vec<u8> {
        std::iter::repeat_with(|| random.u8(..)).take(length).collect()
    };
    let path = b"/silhouette.v1.Rounds/ListRounds";
    let (whole, more) = (4, 0);
    let huge: Vec<u8> = (0..2_000).flat_map(|_| header(b"x-filler", &[b'x'; 200])).collect();
    let parts: Vec<Vec<u8>> = huge.chunks(16_000).map(<[u8]>::to_vec).collect();
    let continued = parts.iter().map(|part| frame(9, more, 1, part));
    let huge = [vec![frame(1, more, 1, &call(path, b"application/grpc"))], continued.collect()].concat();
    let resets = (0..2_000).flat_map(|n| {
        let stream = 2 * n + 1;
        [frame(1, whole, stream, &call(path, b"application/grpc")), frame(3, 0, stream, &8_u32.to_be_bytes())]
    });
    vec![
        ("a byte", vec![0]),
        ("noise", noise(random, 4_096)),
        ("much noise", noise(random, 1 << 20)),
        ("half a preface", PREFACE[..11].to_vec()),
        ("a preface and noise", [PREFACE, &noise(random, 4_096)].concat()),
        ("a frame that is longer than any may be", [PREFACE, &[0xff; 64]].concat()),
        ("a header that cannot be decompressed", http2(&[frame(1, whole, 1, &[0xff; 100])])),
        ("a header that never ends", http2(&huge)),
        ("a path that does not exist", http2(&[frame(1, whole | 1, 1, &call(b"/no/where", b"application/grpc"))])),
        ("no gRPC", http2(&[frame(1, whole | 1, 1, &call(path, b"text/html"))])),
        (
            "a message that claims to be longer than it is",
            http2(&[
                frame(1, whole, 1, &call(path, b"application/grpc")),
                frame(0, 1, 1, &[0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]),
            ]),
        ),
        (
            "a message that never ends",
            http2(&[frame(1, whole, 1, &call(path, b"application/grpc")), frame(0, 0, 1, &[0, 0, 1, 0, 0, 1, 2, 3])]),
        ),
        ("calls that are taken back at once", http2(&resets.collect::<Vec<_>>())),
        ("pings without end", http2(&vec![frame(6, 0, 0, &[7; 8]); 5_000])),
        ("a window of nothing", http2(&[frame(8, 0, 0, &[0; 4])])),
        // The beginning of a ClientHello of TLS 1.3.
        ("TLS", [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &noise(random, 501)].concat()),
        ("HTTP/1.1 without end", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_vec()),
        ("headers of HTTP/1.1 that are too long", {
            [b"GET / HTTP/1.1\r\n".as_slice(), &b"X-Filler: xxxxxxxxxxxxxxxx\r\n".repeat(10_000)].concat()
        }),
        ("a request line that is too long", [b"GET /".as_slice(), &b"x".repeat(1 << 20)].concat()),
    ]
}

/// Connects, says this and no more.
async fn say(address: SocketAddr, noise: Vec<u8>) -> Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    // It may be refused at any point; that is an answer too. Who is not listened to stops talking.
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.write_all(&noise)).await;
    Ok(stream)
}

/// Reads until the node ends the connection.
async fn ended(mut stream: TcpStream) -> Result<()> {
    let mut answer = [0; 4_096];
    let read = async { while stream.read(&mut answer).await.is_ok_and(|bytes| bytes > 0) {} };
    tokio::time::timeout(PATIENCE, read).await.context("the node does not end the connection")
}

/// Sends garbage to an address, as many times as it takes to see what is left of it.
async fn send(address: SocketAddr, noise: &[u8], ends: bool) -> Result<Vec<TcpStream>> {
    let mut senders = JoinSet::new();
    for _ in 0..TIMES {
        let noise = noise.to_vec();
        senders.spawn(async move {
            let mut stream = say(address, noise).await?;
            if ends {
                let _ = stream.shutdown().await;
            }
            anyhow::Ok(stream)
        });
    }
    senders.join_all().await.into_iter().collect()
}

/// Sockets that a node has open.
fn sockets(node: &mut Node) -> Result<usize> {
    let folder = format!("/proc/{}/fd", node.process()?.id());
    let files = std::fs::read_dir(folder).context("cannot read a process's files")?;
    // One that is closed meanwhile is no socket any more.
    let targets = files.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
    Ok(targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count())
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_on_every_port_disturbs_nobody_and_leaves_nothing() -> Result<()> {
    // Silence ends soon, so that the test sees its end.
    let configuration = Configuration::short_times()
        .time("limits.handshake_timeout", Duration::from_secs(2))
        .time("limits.connection_age", Duration::from_secs(4))
        .time("limits.connection_grace", Duration::from_secs(1));
    let mut cluster = Cluster::of(3, configuration).await?;
    let (uid, pairs) = published(&cluster, "read", &RoundSpec::for_workers(1), 3).await?;
    cluster.settled().await?;
    let load = Load::begin(&cluster, uid, &pairs)?;
    let mut random = fastrand::Rng::with_seed(8);
    let kinds = kinds(&mut random);
    let addresses = cluster.node(0).addresses();
    // What a first round of it leaves for good, such as buffers that are kept, is no growth.
    let mut before = None;
    for _ in 0..2 {
        let mut silent = Vec::new();
        for address in [addresses.client, addresses.peer, addresses.http] {
            for (name, noise) in &kinds {
                for stream in send(address, noise, true).await? {
                    ended(stream).await.with_context(|| format!("{name} at {address}"))?;
                }
                // Whoever neither goes on nor ends is not waited for. Members may be silent for as long as they live.
                let streams = send(address, noise, false).await?;
                silent.extend(streams.into_iter().filter(|_| address != addresses.peer).map(|stream| (name, stream)));
            }
        }
        for (name, stream) in silent {
            ended(stream).await.with_context(|| format!("silence after {name}"))?;
        }
        let now = (sockets(cluster.node_mut(0))?, cluster.node(0).memory()?);
        before.get_or_insert(now);
    }
    let (open, memory) = before.context("it was looked at")?;
    eventually("the node has closed all of it", async || {
        let still = sockets(cluster.node_mut(0))?;
        ensure!(still <= open + TIMES, "{still} sockets are open, and {open} were");
        Ok(())
    })
    .await?;
    let grown = cluster.node(0).memory()?.resident.saturating_sub(memory.resident);
    eprintln!("the node has grown by {grown} bytes");
    ensure!(grown < GROWTH_BYTES, "it has grown by {grown} bytes");
    let calls = load.end().await.context("a call of others failed")?;
    ensure!(calls > 0, "nobody called");
    for node in cluster.nodes() {
        node.ready().await?;
    }
    cluster.passed();
    Ok(())
}
