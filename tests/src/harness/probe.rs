//! Reading a node's probes and metrics over HTTP.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A node that takes longer than this to answer a probe does not answer.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// What a node answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status, such as 200.
    pub status: u16,
    /// The text.
    pub body: String,
}

impl Answer {
    /// Whether the probe passes.
    pub fn is_ok(&self) -> bool {
        self.status == 200
    }
}

/// `GET path`, one connection a request: as a kubelet does.
pub async fn get(address: SocketAddr, path: &str) -> Result<Answer> {
    get_within(PROBE_TIMEOUT, address, path).await
}

/// [`get`] with another patience.
pub async fn get_within(patience: Duration, address: SocketAddr, path: &str) -> Result<Answer> {
    tokio::time::timeout(patience, exchange(address, path))
        .await
        .with_context(|| format!("http://{address}{path} did not answer"))?
        .with_context(|| format!("cannot read http://{address}{path}"))
}

async fn exchange(address: SocketAddr, path: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer has no header")?;
    let mut status_line = head.split(' ');
    ensure!(status_line.next() == Some("HTTP/1.1"), "the answer is not HTTP/1.1: {head}");
    let status = status_line.next().context("the answer has no status")?.parse()?;
    Ok(Answer { status, body: body.to_owned() })
}
