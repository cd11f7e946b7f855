//! Threads and their queue over a matrix that answers when it is told to.

use std::{
    net::SocketAddr,
    sync::mpsc::{Receiver, Sender, channel},
    time::Duration,
};

use prometheus_client::registry::Registry;
use tokio::{task::JoinHandle, time::timeout};

use super::*;

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// A matrix whose answers are the queries themselves. Each pass tells how many it answers, and then waits to be let go.
struct Gate {
    begun: Mutex<Sender<usize>>,
    pass: Mutex<Receiver<()>>,
}

impl Matrix for Gate {
    fn answer_many(&self, queries: &[&[u8]]) -> Vec<Result<Vec<u8>, QueryError>> {
        self.begun.lock().send(queries.len()).expect("the test listens");
        self.pass.lock().recv_timeout(PATIENCE).expect("the test lets it go");
        assert!(!queries.contains(&&b"panic"[..]), "as the test wants");
        let answer = |query: &&[u8]| if *query == b"stray" { Err(QueryError::StrayBits) } else { Ok(query.to_vec()) };
        queries.iter().map(answer).collect()
    }
}

/// Threads, and the gate of the matrix that they work on.
struct Stage {
    answering: Arc<Answering<Gate>>,
    matrix: Arc<Gate>,
    begun: Receiver<usize>,
    go: Sender<()>,
}

const AMPLE: Bounds = Bounds { queries: 1_000, queries_per_connection: 1_000, bytes: 1 << 20 };

fn stage(batch_queries: usize, bounds: Bounds) -> Stage {
    let settings = AnsweringSettings { threads: NonZeroUsize::MIN, batch_queries, bounds };
    let metrics = RetrievalMetrics::register(&mut Registry::default());
    let answering = Arc::new(Answering::start(settings, metrics).expect("threads start"));
    let ((begin, begun), (go, pass)) = (channel(), channel());
    let matrix = Arc::new(Gate { begun: Mutex::new(begin), pass: Mutex::new(pass) });
    Stage { answering, matrix, begun, go }
}

impl Stage {
    /// Sends a query by the connection of this number.
    fn ask(&self, connection: u16, query: &'static [u8]) -> JoinHandle<Result<Vec<u8>, Unanswered>> {
        let (answering, matrix) = (Arc::clone(&self.answering), Arc::clone(&self.matrix));
        let connection = Some(SocketAddr::from(([127, 0, 0, 1], connection)));
        tokio::spawn(async move { answering.answer(connection, matrix, Bytes::from_static(query)).await })
    }

    /// Waits until a pass begins; how many queries it answers.
    fn begins(&self) -> usize {
        self.begun.recv_timeout(PATIENCE).expect("a pass begins")
    }

    fn let_go(&self) {
        self.go.send(()).expect("the matrix waits");
    }

    /// Waits until so many queries wait.
    async fn waiting(&self, queries: usize) {
        let reached = async {
            while self.answering.shared.desk.lock().queue.len() != queries {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, reached).await.expect("so many queries wait");
    }
}

async fn outcome(asked: JoinHandle<Result<Vec<u8>, Unanswered>>) -> Result<Vec<u8>, Unanswered> {
    timeout(PATIENCE, asked).await.expect("it is answered").expect("the call ends by itself")
}

// Two threads: a test blocks one of them while it waits for a pass.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_query_waits_for_no_company() {
    let stage = stage(8, AMPLE);
    for query in [&b"first"[..], b"second"] {
        let asked = stage.ask(1, query);
        assert_eq!(stage.begins(), 1);
        stage.let_go();
        assert_eq!(outcome(asked).await, Ok(query.to_vec()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_that_arrive_during_a_pass_share_the_next() {
    let stage = stage(8, AMPLE);
    let first = stage.ask(0, b"first");
    assert_eq!(stage.begins(), 1);
    let others: Vec<_> = (1..=10).map(|connection| stage.ask(connection, b"other")).collect();
    stage.waiting(10).await;
    for expected in [8, 2] {
        stage.let_go();
        assert_eq!(stage.begins(), expected);
    }
    stage.let_go();
    assert_eq!(outcome(first).await, Ok(b"first".to_vec()));
    for other in others {
        assert_eq!(outcome(other).await, Ok(b"other".to_vec()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_query_spoils_nothing_for_those_in_the_same_pass() {
    let stage = stage(8, AMPLE);
    let first = stage.ask(1, b"first");
    assert_eq!(stage.begins(), 1);
    let (stray, other) = (stage.ask(1, b"stray"), stage.ask(2, b"other"));
    stage.waiting(2).await;
    stage.let_go();
    assert_eq!(stage.begins(), 2);
    stage.let_go();
    assert_eq!(outcome(first).await, Ok(b"first".to_vec()));
    assert_eq!(outcome(stray).await, Err(Unanswered::Malformed));
    assert_eq!(outcome(other).await, Ok(b"other".to_vec()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_whose_caller_has_gone_is_not_answered() {
    let stage = stage(8, AMPLE);
    let first = stage.ask(1, b"first");
    assert_eq!(stage.begins(), 1);
    let (gone, other) = (stage.ask(1, b"gone"), stage.ask(2, b"other"));
    stage.waiting(2).await;
    gone.abort();
    stage.waiting(1).await;
    stage.let_go();
    assert_eq!(stage.begins(), 1, "the other is alone");
    stage.let_go();
    assert_eq!(outcome(first).await, Ok(b"first".to_vec()));
    assert_eq!(outcome(other).await, Ok(b"other".to_vec()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_exceeds_a_bound_is_refused_at_once_and_taken_later() {
    let stage = stage(8, Bounds { queries: 1, ..AMPLE });
    let first = stage.ask(1, b"first");
    assert_eq!(stage.begins(), 1);
    let second = stage.ask(1, b"second");
    stage.waiting(1).await;
    let full = Full { setting: "waiting_queries", limit: 1 };
    assert_eq!(outcome(stage.ask(2, b"third")).await, Err(Unanswered::Full(full)));
    stage.let_go();
    assert_eq!(stage.begins(), 1);
    let third = stage.ask(2, b"third");
    stage.waiting(1).await;
    stage.let_go();
    assert_eq!(stage.begins(), 1);
    stage.let_go();
    for (asked, answer) in [(first, b"first".to_vec()), (second, b"second".to_vec()), (third, b"third".to_vec())] {
        assert_eq!(outcome(asked).await, Ok(answer));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_ends_one_pass_and_no_thread() {
    let stage = stage(8, AMPLE);
    for (query, expected) in [(&b"panic"[..], Err(Unanswered::Panicked)), (b"after it", Ok(b"after it".to_vec()))] {
        let asked = stage.ask(1, query);
        assert_eq!(stage.begins(), 1);
        stage.let_go();
        assert_eq!(outcome(asked).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_end_with_the_service() {
    let Stage { answering, .. } = stage(8, AMPLE);
    let shared = Arc::downgrade(&answering.shared);
    drop(answering);
    let ended = async {
        while shared.strong_count() > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ended).await.expect("the threads end");
}
