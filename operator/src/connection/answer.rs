//! The body of an answer, which is given up like its head if it does not end.

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use http_body::{Body, Frame, SizeHint};
use tokio::{sync::OwnedSemaphorePermit, time::Sleep};

/// A body as it comes.
pub(super) struct Answer<B> {
    body: Pin<Box<B>>,
    bound: Option<Bound>,
}

/// What a body that ends is held to.
struct Bound {
    /// Elapses once it took too long since the request was sent.
    given_up: Pin<Box<Sleep>>,
    patience: Duration,
    /// The request counts as long as this is held.
    _permit: OwnedSemaphorePermit,
}

impl<B> Answer<B> {
    /// One that may go on and on.
    pub(super) fn without_end(body: B) -> Self {
        Self { body: Box::pin(body), bound: None }
    }

    /// One that must end before `given_up`, which is `patience` after its request.
    pub(super) fn bounded(
        body: B,
        given_up: Pin<Box<Sleep>>,
        patience: Duration,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self { body: Box::pin(body), bound: Some(Bound { given_up, patience, _permit: permit }) }
    }
}

impl<B> Body for Answer<B>
where
    B: Body,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = B::Data;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        if let Poll::Ready(frame) = self.body.as_mut().poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let Some(Bound { given_up, patience, .. }) = &mut self.bound else { return Poll::Pending };
        given_up.as_mut().poll(cx).map(|()| {
            let told = format!("the answer did not end within {:.1} s", patience.as_secs_f64());
            Some(Err(told.into()))
        })
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::{net::SocketAddr, sync::Arc};

    use futures::{StreamExt as _, TryStreamExt as _};
    use k8s_openapi::api::core::v1::Pod;
    use kube::{
        Api, Client, Config,
        api::{ListParams, WatchParams},
    };
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        sync::mpsc,
        time::{sleep, timeout},
    };

    use crate::{
        connection::{Bounds, connect},
        telemetry::Metrics,
    };

    /// For how long answers are waited for here.
    const PATIENCE: Duration = Duration::from_millis(300);

    use super::*;

    fn client(address: SocketAddr, in_flight: usize) -> Client {
        let config = Config::new(format!("http://{address}").parse().expect("a URI"));
        connect(config, Bounds { in_flight, patience: PATIENCE }, Arc::new(Metrics::default())).expect("a client")
    }

    /// Waits for a request, and begins an answer that is longer than what is written.
    async fn begin_answer(listener: &TcpListener, beginning: &str) -> TcpStream {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        assert!(connection.read(&mut request).await.expect("a request") > 0);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n";
        connection.write_all(format!("{head}{beginning}").as_bytes()).await.expect("it is written");
        connection
    }

    #[tokio::test]
    async fn an_answer_that_stalls_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let pods: Api<Pod> = Api::namespaced(client(listener.local_addr().expect("an address"), 1), "n");
        let everything = ListParams::default();
        let (listed, _connection) = tokio::join!(
            timeout(Duration::from_mins(1), pods.list(&everything)),
            begin_answer(&listener, r#"{"kind":"PodList","items":["#)
        );
        let error = listed.expect("it is given up").expect_err("it did not end").to_string();
        assert!(error.contains("did not end within 0.3 s"), "{error}");
    }

    #[tokio::test]
    async fn a_request_counts_until_its_answer_was_read_and_a_watch_until_it_begins() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let pods: Api<Pod> = Api::namespaced(client(listener.local_addr().expect("an address"), 1), "n");
        let (watches, nothing) = (WatchParams::default(), ListParams::default());
        let (watch, mut connection) = tokio::join!(pods.watch(&watches, "1"), begin_answer(&listener, ""));
        let mut watch = watch.expect("it begins").boxed();

        // Two lists after the watch has begun: the second is sent once the first was given up, and not before.
        let (sent, mut order) = mpsc::unbounded_channel();
        let list = async |which: &'static str| {
            pods.list(&nothing).await.expect_err("it does not end");
            sent.send(which).expect("somebody listens");
        };
        let serve = async {
            let _first = begin_answer(&listener, "").await;
            let _second = begin_answer(&listener, "").await;
            sent.send("the second was sent").expect("somebody listens");
            sleep(PATIENCE * 2).await;
        };
        tokio::join!(list("one was given up"), list("one was given up"), serve);
        assert_eq!(order.recv().await, Some("one was given up"));
        assert_eq!(order.recv().await, Some("the second was sent"));

        // Longer than any other answer may take.
        let event = r#"{"type":"ADDED","object":{"metadata":{"name":"demo-0","resourceVersion":"2"}}}"#;
        connection.write_all(format!("{event}\n").as_bytes()).await.expect("it is written");
        let seen = watch.try_next().await.expect("the watch goes on");
        assert!(matches!(seen, Some(kube::api::WatchEvent::Added(_))), "{seen:?}");
    }
}
