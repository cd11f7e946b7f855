//! A connection that was let in.

use std::{
    io::{self, IoSlice},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tonic::transport::server::Connected;

use super::bound::{Bound, Held};

/// Bytes with which every connection of HTTP/2 begins.
const PREFACE_BYTES: usize = 24;

/// Who calls over a connection, as the gate sees it.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    address: SocketAddr,
    calls: Bound,
    one_too_many: bool,
}

impl Caller {
    /// At an address, with so many calls at a time, over a connection that may be one too many.
    pub(super) fn new(address: SocketAddr, calls: Bound, one_too_many: bool) -> Self {
        Self { address, calls, one_too_many }
    }

    /// Where it calls from.
    pub(super) fn address(&self) -> IpAddr {
        self.address.ip()
    }

    /// Calls over its connection.
    pub(super) fn calls(&self) -> &Bound {
        &self.calls
    }

    /// Whether there are too many connections, and this is only for calls that must be answered nevertheless.
    pub(super) fn is_one_too_many(&self) -> bool {
        self.one_too_many
    }
}

/// A connection. Whoever says nothing for too long at its beginning is cut off: HTTP/2 itself notices silence only
/// later.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    caller: Option<Caller>,
    /// Until the preface has been read.
    beginning: Option<Beginning>,
    ended: CancellationToken,
    _end: DropGuard,
    _place: Held,
}

#[derive(Debug)]
struct Beginning {
    missing: usize,
    deadline: Pin<Box<Sleep>>,
}

impl Connection {
    /// Over a stream, in a place among the connections of its address.
    pub(super) fn new(stream: TcpStream, caller: Option<Caller>, place: Held) -> Self {
        let ended = CancellationToken::new();
        Self { stream, caller, beginning: None, _end: ended.clone().drop_guard(), ended, _place: place }
    }

    /// Cuts it off if it does not begin HTTP/2 within this time.
    #[must_use]
    pub(crate) fn beginning_within(mut self, time: Duration) -> Self {
        self.beginning = Some(Beginning { missing: PREFACE_BYTES, deadline: Box::pin(sleep(time)) });
        self
    }

    /// Whether there are too many connections, and this is only for calls that must be answered nevertheless.
    pub(crate) fn is_one_too_many(&self) -> bool {
        self.caller.as_ref().is_some_and(Caller::is_one_too_many)
    }

    /// Cancelled once the connection is gone.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

impl Connected for Connection {
    type ConnectInfo = CallerInfo;

    fn connect_info(&self) -> CallerInfo {
        CallerInfo(self.caller.clone())
    }
}

/// What each request over a connection carries; the peers' calls carry nothing.
#[derive(Debug, Clone)]
pub(crate) struct CallerInfo(pub(super) Option<Caller>);

impl CallerInfo {
    /// Which connection it is: address and port of its other end. A peer's is not told.
    pub(crate) fn connection(&self) -> Option<SocketAddr> {
        self.0.as_ref().map(|caller| caller.address)
    }
}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                read?;
                let bytes = buffer.filled().len() - before;
                if let Some(beginning) = &mut this.beginning {
                    beginning.missing = beginning.missing.saturating_sub(bytes);
                    if beginning.missing == 0 {
                        this.beginning = None;
                    }
                }
                Poll::Ready(Ok(()))
            }
            Poll::Pending => {
                if let Some(beginning) = &mut this.beginning {
                    ready!(beginning.deadline.as_mut().poll(context));
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Poll::Pending
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::metrics::gauge::Gauge;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
        time::timeout,
    };

    use super::*;
    use crate::service::refusal::NodeLimit;

    /// Whatever takes longer than this never happens.
    const GUARD: Duration = Duration::from_secs(30);

    /// Both ends of a connection; ours must begin within a moment.
    async fn connection() -> (TcpStream, Connection) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (theirs, ours) = tokio::join!(TcpStream::connect(address), listener.accept());
        let place = Bound::new(NodeLimit::Connections, 1, Gauge::default()).take().expect("it is free");
        let ours = Connection::new(ours.expect("accepted").0, None, place);
        (theirs.expect("connected"), ours.beginning_within(Duration::from_millis(20)))
    }

    #[tokio::test]
    async fn whoever_does_not_begin_is_cut_off() {
        for said in [&b""[..], b"PRI * HTTP/2.0"] {
            let (mut theirs, mut ours) = connection().await;
            theirs.write_all(said).await.expect("it is read");
            let mut read = Vec::new();
            let end = timeout(GUARD, ours.read_to_end(&mut read)).await.expect("it is not waited for");
            let end = end.expect_err("their end stays open");
            assert_eq!(end.kind(), io::ErrorKind::TimedOut);
            assert_eq!(read, said);
        }
    }

    #[tokio::test]
    async fn whoever_has_begun_may_be_silent() {
        let (mut theirs, mut ours) = connection().await;
        theirs.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.expect("it is read");
        let mut preface = [0; PREFACE_BYTES];
        ours.read_exact(&mut preface).await.expect("it has begun");
        // Longer than it would have had.
        tokio::time::sleep(Duration::from_millis(60)).await;
        theirs.write_all(b"!").await.expect("it is read");
        assert_eq!(ours.read_u8().await.expect("it goes on"), b'!');
    }

    #[tokio::test]
    async fn its_end_is_told() {
        let (_theirs, ours) = connection().await;
        let ended = ours.ended();
        assert!(!ended.is_cancelled());
        drop(ours);
        ended.cancelled().await;
    }
}
