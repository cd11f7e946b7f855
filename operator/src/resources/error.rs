//! Why a resource's objects cannot be made.

use thiserror::Error;

use super::PodTemplateError;
use crate::api::InvalidQuantity;

/// Why a resource's objects cannot be made.
#[derive(Debug, Error)]
pub enum ResourcesError {
    /// It lacks what the API server gives to each resource.
    #[error("the resource has no {0}: it was not read from an API server")]
    Incomplete(&'static str),
    /// Its `spec.podTemplate` makes no template. What runs is left alone.
    #[error(transparent)]
    PodTemplate(#[from] PodTemplateError),
    /// It has an amount that the API server should have refused.
    #[error(transparent)]
    Quantity(#[from] InvalidQuantity),
    /// An object cannot be written as JSON, which should never be.
    #[error("an object cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// The nodes' configuration cannot be written as YAML, which should never be.
    #[error("the nodes' configuration cannot be written as YAML")]
    Yaml(#[from] serde_yaml::Error),
}
