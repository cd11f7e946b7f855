//! `spec.monitoring`.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metrics, logs and traces.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct MonitoringSection {
    /// Metrics, which each node serves at port 7603.
    #[serde(default)]
    pub metrics: MetricsSection,
    /// The nodes' logs, in JSON on standard error.
    #[serde(default)]
    pub logs: LogsSection,
    /// Traces. Without this section, none are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traces: Option<TracesSection>,
}

/// Metrics.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct MetricsSection {
    /// How Prometheus finds the nodes: by the `prometheus.io/` annotations of the headless Service (`Annotations`), or by a
    /// way of your own (`None`).
    #[serde(default)]
    pub discovery: Discovery,
}

/// How Prometheus finds the nodes.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Discovery {
    /// By annotations `prometheus.io/scrape`, `prometheus.io/port` and `prometheus.io/path` of the headless Service.
    #[default]
    Annotations,
    /// By a way of your own.
    None,
}

/// Logs.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq, Default)]
#[serde(rename_all = "camelCase")]
pub struct LogsSection {
    /// Least severe lines that are written: `Error`, `Warn`, `Info` or `Debug`.
    #[serde(default)]
    pub level: LogLevel,
}

/// How severe a line of the log is.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Something failed.
    Error,
    /// Something may fail soon.
    Warn,
    /// What happens.
    #[default]
    Info,
    /// How it happens.
    Debug,
}

impl LogLevel {
    /// As the nodes' configuration names it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// Traces.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct TracesSection {
    /// Where they are sent by OTLP over gRPC, such as `http://collector.monitoring.svc:4317`.
    #[schemars(length(min = 1, max = 512))]
    #[x_kube(validation = (
        "self.matches('^https?://[^ ]+$')",
        "monitoring.traces.endpoint must be a URL that begins with http:// or https://"
    ))]
    pub endpoint: String,
}
