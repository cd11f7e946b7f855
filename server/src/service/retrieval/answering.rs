//! The threads that answer queries, several by one pass over a round's matrix.
//!
//! ```text
//!  calls ──> queue, fair and bounded ──> threads ──> answers
//! ```
//!
//! A query that finds a thread idle is answered at once, alone; those that arrive while all threads are busy are
//! answered together in a next pass. Threads of their own, not the runtime's: a flood of queries takes neither
//! connections nor file operations their turns.

use std::{
    io,
    num::NonZeroUsize,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    thread,
    time::Instant,
};

use bytes::Bytes;
use parking_lot::{Condvar, Mutex};
use silhouette_pir::QueryError;
use tokio::sync::oneshot;

use super::queue::{Bounds, Connection, FairQueue, Full, Ticket, Waits};
use crate::{encoding::HeldRound, telemetry::RetrievalMetrics};

/// What queries are asked of.
pub(super) trait Matrix: Send + Sync + 'static {
    /// Answers each query, by one pass.
    fn answer_many(&self, queries: &[&[u8]]) -> Vec<Result<Vec<u8>, QueryError>>;
}

impl Matrix for HeldRound {
    fn answer_many(&self, queries: &[&[u8]]) -> Vec<Result<Vec<u8>, QueryError>> {
        Self::answer_many(self, queries)
    }
}

/// Why there is no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// It is no query.
    Malformed,
    /// Too much waits already.
    Full(Full),
    /// The thread that answered it panicked.
    Panicked,
}

/// How queries are answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnsweringSettings {
    /// Threads.
    pub(super) threads: NonZeroUsize,
    /// Queries of one pass.
    pub(super) batch_queries: usize,
    /// How much may wait.
    pub(super) bounds: Bounds,
}

/// The threads that answer queries; they end when it is dropped.
pub(super) struct Answering<M> {
    shared: Arc<Shared<M>>,
}

struct Shared<M> {
    desk: Mutex<Desk<M>>,
    arrived: Condvar,
    batch_queries: usize,
    metrics: RetrievalMetrics,
}

struct Desk<M> {
    queue: FairQueue<Query<M>>,
    closed: bool,
}

/// A query, and where its answer goes.
struct Query<M> {
    matrix: Arc<M>,
    bytes: Bytes,
    reply: oneshot::Sender<Result<Vec<u8>, QueryError>>,
}

impl<M> Waits for Query<M> {
    fn bytes(&self) -> usize {
        self.bytes.len()
    }

    fn goes_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.matrix, &other.matrix)
    }
}

impl<M: Matrix> Answering<M> {
    /// Starts the threads.
    pub(super) fn start(settings: AnsweringSettings, metrics: RetrievalMetrics) -> io::Result<Self> {
        let AnsweringSettings { threads, batch_queries, bounds } = settings;
        let desk = Mutex::new(Desk { queue: FairQueue::new(bounds), closed: false });
        let shared = Arc::new(Shared { desk, arrived: Condvar::new(), batch_queries, metrics });
        // Made first, so that those that did start end if another does not.
        let answering = Self { shared: Arc::clone(&shared) };
        for _ in 0..threads.get() {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name("query".to_owned()).spawn(move || shared.work())?;
        }
        Ok(answering)
    }

    /// Waits for the answer to a query. If it is not waited for any longer, the query leaves the queue.
    pub(super) async fn answer(
        &self,
        connection: Connection,
        matrix: Arc<M>,
        query: Bytes,
    ) -> Result<Vec<u8>, Unanswered> {
        let arrived = Instant::now();
        let (reply, answer) = oneshot::channel();
        let ticket = self.shared.put(connection, Query { matrix, bytes: query, reply })?;
        let waiting = Waiting { shared: &*self.shared, ticket };
        let answer = answer.await;
        drop(waiting);
        let answer = answer.map_err(|_| Unanswered::Panicked)?.map_err(|_| Unanswered::Malformed)?;
        self.shared.metrics.observe_query(arrived.elapsed());
        Ok(answer)
    }
}

impl<M> Drop for Answering<M> {
    fn drop(&mut self) {
        self.shared.desk.lock().closed = true;
        self.shared.arrived.notify_all();
    }
}

impl<M> Shared<M> {
    fn put(&self, connection: Connection, query: Query<M>) -> Result<Ticket, Unanswered> {
        let mut desk = self.desk.lock();
        let ticket = desk.queue.push(connection, query).map_err(|full| {
            self.metrics.refuse(full.setting);
            Unanswered::Full(full)
        })?;
        self.metrics.set_waiting(desk.queue.len());
        drop(desk);
        self.arrived.notify_one();
        Ok(ticket)
    }

    fn take_back(&self, ticket: Ticket) {
        let mut desk = self.desk.lock();
        let query = desk.queue.remove(ticket);
        self.metrics.set_waiting(desk.queue.len());
        drop(desk);
        drop(query);
    }

    /// The queries of the next pass; none once there will be no more.
    fn take(&self) -> Vec<Query<M>> {
        let mut desk = self.desk.lock();
        while !desk.closed && desk.queue.len() == 0 {
            self.arrived.wait(&mut desk);
        }
        let batch = desk.queue.take(self.batch_queries);
        self.metrics.set_waiting(desk.queue.len());
        batch
    }
}

impl<M: Matrix> Shared<M> {
    /// Answers queries until there will be no more.
    fn work(&self) {
        loop {
            let batch = self.take();
            let Some(first) = batch.first() else { return };
            let matrix = Arc::clone(&first.matrix);
            let queries: Vec<&[u8]> = batch.iter().map(|query| &*query.bytes).collect();
            self.metrics.observe_batch(queries.len());
            let begun = Instant::now();
            // The panic itself is told by its hook. Whoever waits learns it by the dropped reply.
            let Ok(answers) = catch_unwind(AssertUnwindSafe(|| matrix.answer_many(&queries))) else { continue };
            self.metrics.observe_pass(begun.elapsed());
            for (query, answer) in batch.into_iter().zip(answers) {
                // Nobody waits for it any more, perhaps.
                query.reply.send(answer).ok();
            }
        }
    }
}

/// Whoever waits for an answer; gone, the query is taken back.
struct Waiting<'a, M> {
    shared: &'a Shared<M>,
    ticket: Ticket,
}

impl<M> Drop for Waiting<'_, M> {
    fn drop(&mut self) {
        self.shared.take_back(self.ticket);
    }
}

#[cfg(test)]
mod tests;
