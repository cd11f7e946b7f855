//! What one node takes at a time: its limits by name.

use std::fmt;

use super::Reason;

/// A limit of one node, as its configuration sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NodeLimit {
    /// Connections of clients.
    Connections,
    /// Calls a second, of all clients together.
    Requests,
    /// Calls a second from one address.
    RequestsOfAddress,
    /// Calls at a time over one connection.
    CallsOfConnection,
    /// Calls at a time.
    Calls,
    /// Streams that publish.
    Publications,
    /// Streams that wait for changes.
    Watches,
    /// Streams of hints and encodings.
    Downloads,
    /// Health checks and calls of administrators.
    AdministrationCalls,
}

impl NodeLimit {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Connections,
        Self::Requests,
        Self::RequestsOfAddress,
        Self::CallsOfConnection,
        Self::Calls,
        Self::Publications,
        Self::Watches,
        Self::Downloads,
        Self::AdministrationCalls,
    ];

    /// The key of the configuration that sets it.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Connections => "limits.connections",
            Self::Requests => "limits.requests_per_second",
            Self::RequestsOfAddress => "limits.requests_per_second_per_address",
            Self::CallsOfConnection => "limits.calls_per_connection",
            Self::Calls => "limits.calls",
            Self::Publications => "limits.publications",
            Self::Watches => "limits.watches",
            Self::Downloads => "limits.downloads",
            Self::AdministrationCalls => "limits.administration_calls",
        }
    }

    /// Why whatever goes beyond it is refused.
    pub(super) const fn reason(self) -> Reason {
        match self {
            Self::Connections => Reason::TooManyConnections,
            Self::Requests => Reason::TooManyRequests,
            Self::RequestsOfAddress => Reason::TooManyRequestsOfAddress,
            Self::CallsOfConnection => Reason::TooManyCallsOfConnection,
            Self::Calls => Reason::TooManyCalls,
            Self::Publications => Reason::TooManyPublications,
            Self::Watches => Reason::TooManyWatches,
            Self::Downloads => Reason::TooManyDownloads,
            Self::AdministrationCalls => Reason::TooManyAdministrationCalls,
        }
    }
}

/// What it counts, as after "too many".
impl fmt::Display for NodeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connections => "connections",
            Self::Requests => "calls a second",
            Self::RequestsOfAddress => "calls a second from one address",
            Self::CallsOfConnection => "calls at a time over one connection",
            Self::Calls => "calls at a time",
            Self::Publications => "publications at a time",
            Self::Watches => "watches at a time",
            Self::Downloads => "downloads at a time",
            Self::AdministrationCalls => "administrators' calls at a time",
        })
    }
}
