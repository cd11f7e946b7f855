//! How a client is made.

use std::{sync::Arc, time::Duration};

use crate::{Address, Client, Error, network::Network, settings::Settings};

/// How many nodes must describe a round alike before a client trusts the description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Agreement {
    /// The node that is asked is believed.
    #[default]
    AnyNode,
    /// A majority of the cluster's voters must describe the round alike, digests included. Which members vote is
    /// believed to the node that lists them.
    Majority,
}

/// Builds a [`Client`]; every setting but the endpoints has a default.
///
/// ```
/// use std::time::Duration;
/// use silhouette_client::{Agreement, Client};
///
/// # fn main() -> Result<(), silhouette_client::Error> {
/// let client = Client::builder()
///     .endpoints(["127.0.0.1:7611", "127.0.0.1:7612", "127.0.0.1:7613"])
///     .timeout(Duration::from_secs(60))
///     .agreement(Agreement::Majority)
///     .build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct ClientBuilder {
    endpoints: Vec<String>,
    settings: Settings,
}

impl ClientBuilder {
    /// Adds a node by its client address, `host:port`.
    #[must_use]
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoints.push(endpoint.into());
        self
    }

    /// Adds nodes by their client addresses. One that answers is enough: it names the others.
    #[must_use]
    pub fn endpoints(mut self, endpoints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.endpoints.extend(endpoints.into_iter().map(Into::into));
        self
    }

    /// How long a call goes on trying without progress, retries included; 30 s unless set. A long transfer may take
    /// longer as long as it advances.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How long one node may stay silent before the same call goes to another; 5 s unless set.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attempt_timeout = timeout;
        self
    }

    /// How long a connection may take; 2 s unless set.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// The first and the longest pause after every node was asked in vain; 50 ms and 1 s unless set. Pauses double,
    /// and each is shortened by up to a half at random.
    #[must_use]
    pub fn pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.settings.first_pause = first;
        self.settings.longest_pause = longest.max(first);
        self
    }

    /// Whether members that are no endpoints are found and used; they are unless this says no.
    #[must_use]
    pub fn discover_members(mut self, discover: bool) -> Self {
        self.settings.discover_members = discover;
        self
    }

    /// After how long without a change a watch goes on at another node; 15 s unless set.
    #[must_use]
    pub fn watch_refresh(mut self, after: Duration) -> Self {
        self.settings.watch_refresh = after;
        self
    }

    /// Bytes of pairs in a chunk, about; 256 KiB unless set. The server accepts chunks of up to 1 MiB.
    #[must_use]
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.settings.chunk_bytes = bytes.max(1);
        self
    }

    /// How many chunks are sent before the first of them is durable; 8 unless set.
    #[must_use]
    pub fn chunks_in_flight(mut self, chunks: usize) -> Self {
        self.settings.chunks_in_flight = chunks.max(1);
        self
    }

    /// How many queries are under way at once; 4 unless set.
    #[must_use]
    pub fn queries_in_flight(mut self, queries: usize) -> Self {
        self.settings.queries_in_flight = queries.max(1);
        self
    }

    /// How many nodes must describe a round alike before it is read; any one unless set.
    #[must_use]
    pub fn agreement(mut self, agreement: Agreement) -> Self {
        self.settings.agreement = agreement;
        self
    }

    /// Makes the client. It connects when it is first used.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] without an endpoint, or with one that is not `host:port`.
    pub fn build(self) -> Result<Client, Error> {
        let endpoints = self.endpoints.iter().map(|text| text.parse()).collect::<Result<Vec<Address>, _>>()?;
        if endpoints.is_empty() {
            return Err(Error::InvalidArgument("a client needs an endpoint".to_owned()));
        }
        Ok(Client::new(Arc::new(Network::new(endpoints, self.settings))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_checked_before_anything_is_sent() {
        assert!(Client::builder().endpoint("127.0.0.1:7601").build().is_ok());
        assert!(matches!(Client::builder().build(), Err(Error::InvalidArgument(_))));
        assert!(matches!(Client::builder().endpoint("nowhere").build(), Err(Error::InvalidArgument(_))));
    }
}
