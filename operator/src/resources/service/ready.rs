//! Ready pods, for who publishes and administrates.

use k8s_openapi::api::core::v1::Service;

use super::{
    super::{Port, Subject, names},
    spec,
};

/// The Service.
pub(in super::super) fn service(subject: Subject<'_>) -> Service {
    Service {
        metadata: subject.metadata(names::main(subject.name)),
        spec: Some(spec(subject, &[Port::Client])),
        status: None,
    }
}
