//! How much of its limits a node uses, and which connections it did not take. Refused calls are counted by reason with
//! all other calls.

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};

use crate::service::refusal::NodeLimit;

/// One of a node's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Port {
    /// Of clients and administrators.
    Client,
    /// Of other members.
    Peer,
    /// Of probes and metrics.
    Http,
}

impl Port {
    /// As a label.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Peer => "peer",
            Self::Http => "http",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PortLabel {
    port: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SettingLabel {
    setting: &'static str,
}

/// Limits of what a node holds at a time, as opposed to what comes in a second.
const COUNTED: [NodeLimit; 5] = [
    NodeLimit::Calls,
    NodeLimit::Publications,
    NodeLimit::Watches,
    NodeLimit::Downloads,
    NodeLimit::AdministrationCalls,
];

/// Counts of what the limits of a node hold and keep out.
#[derive(Debug)]
pub(crate) struct LimitMetrics {
    connections: Family<PortLabel, Gauge>,
    connections_refused: Family<PortLabel, Counter>,
    connections_aged: Counter,
    in_use: Family<SettingLabel, Gauge>,
}

impl LimitMetrics {
    /// Makes the counts, and has them scraped.
    pub(super) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            connections: Family::default(),
            connections_refused: Family::default(),
            connections_aged: Counter::default(),
            in_use: Family::default(),
        };
        for port in [Port::Client, Port::Peer, Port::Http] {
            drop(metrics.connections(port));
            drop(metrics.connections_refused.get_or_create(&PortLabel { port: port.as_str() }));
        }
        for limit in COUNTED {
            drop(metrics.in_use(limit));
        }
        registry.register("silhouette_connections", "Connections now, by address", metrics.connections.clone());
        registry.register(
            "silhouette_connections_refused",
            "Connections that were closed at once, as there were too many",
            metrics.connections_refused.clone(),
        );
        registry.register(
            "silhouette_connections_aged",
            "Connections that were told to go away because of their age",
            metrics.connections_aged.clone(),
        );
        registry.register(
            "silhouette_limits_in_use",
            "Calls and streams now that count towards a limit, by the key that sets it",
            metrics.in_use.clone(),
        );
        metrics
    }

    /// How many connections an address has now.
    pub(crate) fn connections(&self, port: Port) -> Gauge {
        self.connections.get_or_create_owned(&PortLabel { port: port.as_str() })
    }

    /// A connection was closed at once.
    pub(crate) fn count_refused_connection(&self, port: Port) {
        self.connections_refused.get_or_create(&PortLabel { port: port.as_str() }).inc();
    }

    /// A connection was told to go away because of its age.
    pub(crate) fn count_aged_connection(&self) {
        self.connections_aged.inc();
    }

    /// How much of a limit is in use now.
    pub(crate) fn in_use(&self, limit: NodeLimit) -> Gauge {
        self.in_use.get_or_create_owned(&SettingLabel { setting: limit.setting() })
    }
}

#[cfg(test)]
mod tests {
    use prometheus_client::encoding::text;

    use super::*;

    fn text(registry: &Registry) -> String {
        let mut text = String::new();
        text::encode_registry(&mut text, registry).expect("text is written");
        text
    }

    #[test]
    fn what_is_in_use_is_told_by_the_key_that_limits_it() {
        let mut registry = Registry::default();
        let metrics = LimitMetrics::register(&mut registry);
        metrics.in_use(NodeLimit::Watches).inc();
        metrics.connections(Port::Peer).inc();
        metrics.count_refused_connection(Port::Http);
        let text = text(&registry);
        for line in [
            "silhouette_limits_in_use{setting=\"limits.watches\"} 1",
            "silhouette_connections{port=\"peer\"} 1",
            "silhouette_connections_refused_total{port=\"http\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }
}
