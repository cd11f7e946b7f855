//! Names of pods, by which nodes reach each other. A pod has its name before it is Ready: it becomes so only by others.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Service, ServiceSpec};

use super::{
    super::{Port, Subject, names},
    spec,
};
use crate::api::Discovery;

/// The Service.
pub(in super::super) fn headless_service(subject: Subject<'_>) -> Service {
    let mut metadata = subject.metadata(names::headless_service(subject.name));
    metadata.annotations = match subject.spec.monitoring.metrics.discovery {
        Discovery::Annotations => Some(discovery()),
        Discovery::None => None,
    };
    let spec = ServiceSpec {
        cluster_ip: Some("None".to_owned()),
        publish_not_ready_addresses: Some(true),
        ..spec(subject, &Port::ALL)
    };
    Service { metadata, spec: Some(spec), status: None }
}

/// By what Prometheus finds each node, Ready or not.
fn discovery() -> BTreeMap<String, String> {
    let port = Port::Http.number().to_string();
    [("scrape", "true"), ("port", port.as_str()), ("path", "/metrics")]
        .map(|(name, value)| (format!("prometheus.io/{name}"), value.to_owned()))
        .into()
}
