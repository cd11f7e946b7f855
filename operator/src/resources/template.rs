//! The pods' template: ours, with `spec.podTemplate` merged over it.

mod container;
mod merge;
mod needs;
mod placement;
mod security;

use k8s_openapi::{
    api::core::v1::{ConfigMapVolumeSource, LocalObjectReference, PodSpec, PodTemplateSpec, Volume},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde_json::Value;
use thiserror::Error;

use self::merge::UnnamedElement;
use super::{CONFIGURATION_VOLUME, Subject, labels, names};
use crate::api::PodTemplate;

/// How people call it in errors.
const PATH: &str = "podTemplate";

/// How long a node may take to leave, in seconds: it goes on serving for 5 s, hands over leadership for 5 s, and finishes
/// calls for 20 s, unless it is configured otherwise; the rest is for a snapshot.
const TERMINATION_GRACE_SECONDS: i64 = 60;

/// A `spec.podTemplate` of which no template can be made.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum PodTemplateError {
    /// An element of a list cannot be merged.
    #[error(transparent)]
    Unnamed(#[from] UnnamedElement),
    /// Something else than the parts of a template is named.
    #[error("`podTemplate.{0}` is no part of a pod's template: those are `metadata` and `spec`")]
    UnknownPart(String),
    /// It takes away what the operator relies on.
    #[error("`{path}` cannot be so: {reason}")]
    Needed {
        /// Where.
        path: String,
        /// What for.
        reason: &'static str,
    },
}

/// The template that the operator makes, `ours`, with what people ask for merged over it.
pub(super) fn merged(ours: &Value, theirs: &PodTemplate) -> Result<Value, PodTemplateError> {
    if let Some(part) = theirs.0.keys().find(|part| !["metadata", "spec"].contains(&part.as_str())) {
        return Err(PodTemplateError::UnknownPart(part.clone()));
    }
    let mut merged = ours.clone();
    merge::merge(&mut merged, &Value::Object(theirs.0.clone()), PATH)?;
    needs::check(ours, &merged)?;
    Ok(merged)
}

/// The template that the operator makes, with the nodes' configuration of this name.
pub(super) fn template(subject: Subject<'_>, config_map: &str) -> serde_json::Result<Value> {
    let pull_secrets = subject.spec.image.pull_secrets.iter();
    let pull_secrets: Vec<_> = pull_secrets.map(|secret| LocalObjectReference { name: secret.name.clone() }).collect();
    let spec = PodSpec {
        service_account_name: Some(names::service_account(subject.name)),
        automount_service_account_token: Some(false),
        // The node would take variables such as SILHOUETTE_SERVICE_HOST of a Service for its own.
        enable_service_links: Some(false),
        termination_grace_period_seconds: Some(TERMINATION_GRACE_SECONDS),
        security_context: Some(security::of_pod()),
        image_pull_secrets: (!pull_secrets.is_empty()).then_some(pull_secrets),
        containers: vec![container::server(subject)],
        volumes: Some(vec![configuration(config_map)]),
        ..placement::placement(subject)
    };
    let metadata =
        ObjectMeta { labels: Some(labels::all(subject.name, &subject.spec.image.name)), ..ObjectMeta::default() };
    let mut template = serde_json::to_value(PodTemplateSpec { metadata: Some(metadata), spec: Some(spec) })?;
    let affinity = &subject.spec.scheduling.affinity;
    if !affinity.is_empty() {
        // As it was written: types would drop what they do not know.
        template["spec"]["affinity"] = Value::Object(affinity.clone());
    }
    Ok(template)
}

/// The volume with the nodes' configuration.
fn configuration(config_map: &str) -> Volume {
    Volume {
        name: CONFIGURATION_VOLUME.to_owned(),
        config_map: Some(ConfigMapVolumeSource { name: config_map.to_owned(), ..ConfigMapVolumeSource::default() }),
        ..Volume::default()
    }
}
