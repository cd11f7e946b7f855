//! The router over a real connection.

use clap::Parser as _;
use silhouette_proto::v1::Addresses;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;
use crate::config::{Arguments, Settings};

/// Status and whole text of `GET path` at a node whose storage is not open yet.
async fn get(path: &str) -> (u16, String) {
    get_as(path, "*/*").await
}

/// The same, with the header `Accept`.
async fn get_as(path: &str, accept: &str) -> (u16, String) {
    let arguments =
        Arguments::try_parse_from(["silhouette-server", "--data-dir", "/nowhere"]).expect("the flags parse");
    let node = NodeHandle::new(Settings::new(&arguments).expect("the settings make sense"), Addresses::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let server = tokio::spawn(serve(listener, node));
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: node\r\nAccept: {accept}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    server.abort();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, answer)
}

#[tokio::test]
async fn a_starting_node_is_healthy_and_neither_started_nor_ready() {
    for path in ["/health", "/livez"] {
        assert_eq!(get(path).await.0, 200, "{path}");
    }
    for path in ["/startupz", "/ready", "/readyz", "/readyz?verbose"] {
        assert_eq!(get(path).await.0, 503, "{path}");
    }
    assert!(get("/ready").await.1.contains("[-]voter failed: the node is starting"));
}

#[tokio::test]
async fn metrics_are_served_as_openmetrics() {
    let (status, text) = get_as("/metrics", "application/openmetrics-text; version=1.0.0").await;
    assert_eq!(status, 200);
    assert!(text.contains("application/openmetrics-text"), "{text}");
    assert!(text.contains("silhouette_build_info") && text.contains("silhouette_raft_has_leader 0"), "{text}");
    assert!(text.trim_end().ends_with("# EOF"), "{text}");
}

#[tokio::test]
async fn metrics_are_served_in_the_older_format_to_whoever_does_not_ask() {
    let (status, text) = get("/metrics").await;
    assert_eq!(status, 200);
    assert!(text.contains("text/plain; version=0.0.4"), "{text}");
    assert!(text.contains("# TYPE silhouette_build_info gauge") && !text.contains("# EOF"), "{text}");
}

#[tokio::test]
async fn other_paths_are_not_found() {
    assert_eq!(get("/").await.0, 404);
}
