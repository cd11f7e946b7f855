//! Queries that wait for a thread: a queue a connection, which take turns. Pure.
//!
//! Whoever has a thousand queries waiting delays one with a single query by no more than a pass. A batch holds queries
//! of one round: one of each connection in turn, and then round again while there is room.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
};

/// The connection that a query came by; `None` where the transport does not tell.
pub(super) type Connection = Option<SocketAddr>;

/// A query of this queue, to take it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    connection: Connection,
    number: u64,
}

/// What waits.
pub(super) trait Waits {
    /// Bytes of memory that it holds.
    fn bytes(&self) -> usize;
    /// Whether it can be answered in the same pass as the other.
    fn goes_with(&self, other: &Self) -> bool;
}

/// How much may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Queries.
    pub(super) queries: usize,
    /// Queries of one connection.
    pub(super) queries_per_connection: usize,
    /// Bytes of queries.
    pub(super) bytes: usize,
}

/// A bound that a query would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Full {
    /// The setting, by its name in section `retrieval`.
    pub(super) setting: &'static str,
    /// Its value.
    pub(super) limit: usize,
}

/// The queries that wait.
#[derive(Debug)]
pub(super) struct FairQueue<Q> {
    bounds: Bounds,
    waiting: HashMap<Connection, VecDeque<(u64, Q)>>,
    /// Connections with waiting queries, in the order of their turns.
    turns: VecDeque<Connection>,
    queries: usize,
    bytes: usize,
    next_number: u64,
}

impl<Q: Waits> FairQueue<Q> {
    /// A queue in which nothing waits.
    pub(super) fn new(bounds: Bounds) -> Self {
        Self { bounds, waiting: HashMap::new(), turns: VecDeque::new(), queries: 0, bytes: 0, next_number: 0 }
    }

    /// How many queries wait.
    pub(super) const fn len(&self) -> usize {
        self.queries
    }

    /// Puts a query behind those of its connection.
    pub(super) fn push(&mut self, connection: Connection, query: Q) -> Result<Ticket, Full> {
        let Bounds { queries, queries_per_connection, bytes } = self.bounds;
        let own = self.waiting.get(&connection).map_or(0, VecDeque::len);
        for (setting, wanted, limit) in [
            ("waiting_queries", self.queries + 1, queries),
            ("waiting_queries_per_connection", own + 1, queries_per_connection),
            ("waiting_bytes", self.bytes + query.bytes(), bytes),
        ] {
            if wanted > limit {
                return Err(Full { setting, limit });
            }
        }
        if own == 0 {
            self.turns.push_back(connection);
        }
        let number = self.next_number;
        self.next_number += 1;
        self.queries += 1;
        self.bytes += query.bytes();
        self.waiting.entry(connection).or_default().push_back((number, query));
        Ok(Ticket { connection, number })
    }

    /// Takes up to `most` queries that go together: the first of the connection whose turn it is, and what goes with
    /// it.
    pub(super) fn take(&mut self, most: usize) -> Vec<Q> {
        let mut batch: Vec<Q> = Vec::new();
        let mut passed_over = VecDeque::new();
        while batch.len() < most
            && let Some(connection) = self.turns.pop_front()
        {
            let Some(queue) = self.waiting.get_mut(&connection) else { continue };
            let fitting = queue.pop_front_if(|(_, next)| batch.first().is_none_or(|first| next.goes_with(first)));
            let Some((_, query)) = fitting else {
                passed_over.push_back(connection);
                continue;
            };
            if queue.is_empty() {
                self.waiting.remove(&connection);
            } else {
                self.turns.push_back(connection);
            }
            self.queries -= 1;
            self.bytes -= query.bytes();
            batch.push(query);
        }
        // Their turn is next.
        passed_over.append(&mut self.turns);
        self.turns = passed_over;
        batch
    }

    /// Takes a query back that nobody waits for any more; `None` if it was taken already.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Q> {
        let Ticket { connection, number } = ticket;
        let queue = self.waiting.get_mut(&connection)?;
        let place = queue.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        let (_, query) = queue.remove(place)?;
        if queue.is_empty() {
            self.waiting.remove(&connection);
            self.turns.retain(|other| *other != connection);
        }
        self.queries -= 1;
        self.bytes -= query.bytes();
        Some(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query of a round, with a name.
    type Query = (u8, &'static str);

    impl Waits for Query {
        fn bytes(&self) -> usize {
            10
        }

        fn goes_with(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn queue(queries: usize, queries_per_connection: usize, bytes: usize) -> FairQueue<Query> {
        FairQueue::new(Bounds { queries, queries_per_connection, bytes })
    }

    fn ample() -> FairQueue<Query> {
        queue(10_000, 10_000, 1 << 20)
    }

    fn names(batch: &[Query]) -> Vec<&'static str> {
        batch.iter().map(|(_, name)| *name).collect()
    }

    #[test]
    fn a_connection_with_a_thousand_queries_does_not_delay_one_with_one() {
        let mut queue = ample();
        for _ in 0..1_000 {
            queue.push(Some(address(1)), (1, "many")).expect("there is room");
        }
        queue.push(Some(address(2)), (1, "one")).expect("there is room");
        assert_eq!(names(&queue.take(8)).iter().filter(|name| **name == "one").count(), 1, "it is in the first pass");
        assert_eq!(queue.len(), 1_001 - 8);
    }

    #[test]
    fn connections_take_turns_one_query_each() {
        let mut queue = ample();
        for (port, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1"), (2, "b2"), (3, "c1")] {
            queue.push(Some(address(port)), (1, name)).expect("there is room");
        }
        assert_eq!(names(&queue.take(2)), ["a1", "b1"]);
        assert_eq!(names(&queue.take(2)), ["c1", "a2"]);
        assert_eq!(names(&queue.take(8)), ["b2", "a3"]);
        assert!(queue.take(8).is_empty());
    }

    #[test]
    fn a_batch_is_filled_up_by_whoever_has_more() {
        let mut queue = ample();
        for (port, name) in [(1, "a1"), (1, "a2"), (1, "a3"), (2, "b1")] {
            queue.push(Some(address(port)), (1, name)).expect("there is room");
        }
        assert_eq!(names(&queue.take(8)), ["a1", "b1", "a2", "a3"]);
    }

    #[test]
    fn a_batch_is_of_one_round_and_the_other_is_next() {
        let mut queue = ample();
        for (port, round, name) in [(1, 1, "a1"), (2, 2, "b1"), (3, 1, "c1"), (1, 1, "a2"), (2, 2, "b2"), (4, 2, "d1")]
        {
            queue.push(Some(address(port)), (round, name)).expect("there is room");
        }
        assert_eq!(names(&queue.take(2)), ["a1", "c1"]);
        assert_eq!(names(&queue.take(2)), ["b1", "d1"], "who was passed over does not lose the turn");
        assert_eq!(names(&queue.take(2)), ["a2"]);
        assert_eq!(names(&queue.take(2)), ["b2"]);
    }

    #[test]
    fn each_bound_is_refused_one_beyond_it_by_its_name() {
        let refused = |mut queue: FairQueue<Query>| {
            for port in [1, 2, 1] {
                queue.push(Some(address(port)), (1, "fits")).expect("there is room");
            }
            let full = queue.push(Some(address(1)), (1, "does not")).expect_err("there is no room");
            assert_eq!(queue.len(), 3, "what was refused does not wait");
            (full.setting, full.limit)
        };
        assert_eq!(refused(queue(3, 10, 1_000)), ("waiting_queries", 3));
        assert_eq!(refused(queue(10, 2, 1_000)), ("waiting_queries_per_connection", 2));
        assert_eq!(refused(queue(10, 10, 39)), ("waiting_bytes", 39));
    }

    #[test]
    fn a_full_share_leaves_room_for_other_connections() {
        let mut queue = queue(10, 2, 1_000);
        for _ in 0..2 {
            queue.push(Some(address(1)), (1, "many")).expect("there is room");
        }
        assert!(queue.push(Some(address(1)), (1, "many")).is_err());
        assert!(queue.push(Some(address(2)), (1, "one")).is_ok());
    }

    #[test]
    fn what_is_taken_or_taken_back_makes_room() {
        let mut queue = queue(2, 2, 20);
        let first = queue.push(Some(address(1)), (1, "first")).expect("there is room");
        let second = queue.push(Some(address(1)), (1, "second")).expect("there is room");
        assert_eq!(queue.remove(first), Some((1, "first")));
        assert_eq!(queue.remove(first), None);
        queue.push(Some(address(2)), (1, "third")).expect("there is room again");
        assert_eq!(names(&queue.take(8)), ["second", "third"]);
        assert_eq!(queue.remove(second), None, "it was taken");
        for _ in 0..2 {
            queue.push(Some(address(1)), (1, "later")).expect("all the room is there again");
        }
    }

    #[test]
    fn a_connection_whose_last_query_is_taken_back_has_no_turn() {
        let mut queue = ample();
        let gone = queue.push(Some(address(1)), (1, "gone")).expect("there is room");
        queue.push(Some(address(2)), (2, "stays")).expect("there is room");
        queue.remove(gone);
        queue.push(Some(address(1)), (1, "later")).expect("there is room");
        assert_eq!(names(&queue.take(8)), ["stays"]);
        assert_eq!(names(&queue.take(8)), ["later"]);
    }
}
