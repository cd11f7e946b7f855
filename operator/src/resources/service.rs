//! What makes the nodes reachable: three Services, for three purposes.

mod headless;
mod ready;
mod retrieval;

pub(super) use headless::headless_service;
use k8s_openapi::{
    api::core::v1::{ServicePort, ServiceSpec},
    apimachinery::pkg::util::intstr::IntOrString,
};
pub(super) use ready::service;
pub(super) use retrieval::retrieval_service;

use super::{Port, Subject, labels};

/// A Service of the cluster's pods at these ports.
fn spec(subject: Subject<'_>, ports: &[Port]) -> ServiceSpec {
    ServiceSpec {
        selector: Some(labels::selector(subject.name)),
        ports: Some(ports.iter().copied().map(service_port).collect()),
        ..ServiceSpec::default()
    }
}

/// A port that leads to the pods' port of the same name.
fn service_port(port: Port) -> ServicePort {
    ServicePort {
        name: Some(port.name().to_owned()),
        port: port.number().into(),
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::String(port.name().to_owned())),
        app_protocol: Some(port.protocol().to_owned()),
        ..ServicePort::default()
    }
}
