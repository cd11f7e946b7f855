//! All pods, for who only looks up: a node without a leader is not Ready and still answers what it holds. Who meets one that
//! does not is told `UNAVAILABLE`, and tries another.

use k8s_openapi::api::core::v1::{Service, ServiceSpec};

use super::{
    super::{Port, Subject, names},
    spec,
};

/// The Service.
pub(in super::super) fn retrieval_service(subject: Subject<'_>) -> Service {
    Service {
        metadata: subject.metadata(names::retrieval_service(subject.name)),
        spec: Some(ServiceSpec { publish_not_ready_addresses: Some(true), ..spec(subject, &[Port::Client]) }),
        status: None,
    }
}
