//! Ports of a pod. They are fixed: the operator reaches pods by their IP address, without asking which port it is.

/// A port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// Clients and administrators, gRPC.
    Client,
    /// Other members, gRPC.
    Peer,
    /// Probes and metrics, HTTP.
    Http,
}

impl Port {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Client, Self::Peer, Self::Http];

    /// Its number.
    pub const fn number(self) -> u16 {
        match self {
            Self::Client => 7601,
            Self::Peer => 7602,
            Self::Http => 7603,
        }
    }

    /// Its name within a pod and a Service.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Http => "http",
        }
    }

    /// What is spoken there, as `appProtocol` of Services names it.
    pub const fn protocol(self) -> &'static str {
        match self {
            // HTTP/2 without TLS, which gRPC is.
            Self::Client | Self::Peer => "kubernetes.io/h2c",
            Self::Http => "http",
        }
    }
}
