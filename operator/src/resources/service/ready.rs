//! Ready pods, for who publishes and administrates.

use k8s_openapi::api::core::v1::{Service, ServiceSpec};

use super::{
    super::{Port, Subject, names},
    spec,
};

/// The Service. That pods which are not Ready are no part of it is said, so that it is put back if somebody changes it.
pub(in super::super) fn service(subject: Subject<'_>) -> Service {
    Service {
        metadata: subject.metadata(names::main(subject.name)),
        spec: Some(ServiceSpec { publish_not_ready_addresses: Some(false), ..spec(subject, &[Port::Client]) }),
        status: None,
    }
}
