//! What this node takes from its clients at a time.

use std::{num::NonZeroU32, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::WithUnit;

/// What this node takes from its clients at a time. Other members are not held to it: what they forward was counted
/// where it arrived. The defaults bound a node's memory; they are more than a cluster meets that is used as intended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// Connections to the client address. Beyond them a few more are taken for health checks, administrators and other
    /// members, and whatever else is called there is refused with `TOO_MANY_CONNECTIONS`.
    pub connections: NonZeroU32,
    /// Connections to the peer address; further ones are closed at once.
    pub peer_connections: NonZeroU32,
    /// Connections to the HTTP address; further ones are closed at once.
    pub http_connections: NonZeroU32,
    /// How long a new connection may take to begin, and a request's header over HTTP to arrive.
    #[serde(with = "WithUnit")]
    pub handshake_timeout: Duration,
    /// After so long a client's connection is told to go away, so that connections spread over the nodes again after
    /// one was restarted. Calls in flight go on, and the client library does not notice.
    #[serde(with = "WithUnit")]
    pub connection_age: Duration,
    /// By how much each connection's age differs from `connection_age` at random, either way, in percent; up to 90.
    /// It keeps connections that were made together from ending together.
    pub connection_age_jitter_percent: u8,
    /// How long calls in flight may go on over a connection that was told to go away. What is left then are streams
    /// that last; they are broken off, and resume elsewhere.
    #[serde(with = "WithUnit")]
    pub connection_grace: Duration,
    /// Calls a second, of all clients together (`TOO_MANY_REQUESTS`).
    pub requests_per_second: NonZeroU32,
    /// Calls a second from one address (`TOO_MANY_REQUESTS_OF_ADDRESS`). Of IPv6 it is the network, the first 64 bits.
    pub requests_per_second_per_address: NonZeroU32,
    /// Calls at a time over one connection, streams included (`TOO_MANY_CALLS_OF_CONNECTION`).
    pub calls_per_connection: NonZeroU32,
    /// Calls at a time that are none of those below (`TOO_MANY_CALLS`).
    pub calls: NonZeroU32,
    /// Streams that publish (`TOO_MANY_PUBLICATIONS`).
    pub publications: NonZeroU32,
    /// Streams that wait for changes: of rounds, and of health (`TOO_MANY_WATCHES`).
    pub watches: NonZeroU32,
    /// Streams of hints and encodings (`TOO_MANY_DOWNLOADS`).
    pub downloads: NonZeroU32,
    /// Health checks and calls of administrators at a time (`TOO_MANY_ADMINISTRATION_CALLS`). No other limit applies to
    /// them, so that a node which has too much to do can still be asked how it is.
    pub administration_calls: NonZeroU32,
    /// Longest message of a call, in bytes (`MESSAGE_TOO_LARGE`); at least 1,052,672, so that every chunk and every query
    /// fits.
    pub message_bytes: NonZeroU32,
}

/// A number that is none but zero.
const fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("the number is not zero")
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            // Every worker of a few large rounds, each with a connection of its own.
            connections: count(4_096),
            // A member makes three to each other one, and makes them anew before old ones are noticed to be dead.
            peer_connections: count(256),
            http_connections: count(256),
            handshake_timeout: Duration::from_secs(10),
            connection_age: Duration::from_mins(10),
            connection_age_jitter_percent: 20,
            connection_grace: Duration::from_mins(5),
            // More than the smallest calls that a large machine answers.
            requests_per_second: count(100_000),
            // All clients may be behind one address.
            requests_per_second_per_address: count(20_000),
            // A client makes four queries at a time, and one that is shared by many tasks as many for each.
            // Fewer than any limit of all connections together, so that one cannot take all there is.
            calls_per_connection: count(256),
            // 64 readers with four queries each, at one node alone, four times over.
            calls: count(1_024),
            // Every worker of a few large rounds.
            publications: count(4_096),
            watches: count(4_096),
            downloads: count(512),
            administration_calls: count(64),
            message_bytes: count(4 << 20),
        }
    }
}
