//! The `CustomResourceDefinition`.

#[cfg(test)]
mod tests;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSON, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt as _;
use serde_json::json;

use super::SilhouetteCluster;

/// The `CustomResourceDefinition`, derived from the types.
pub fn definition() -> CustomResourceDefinition {
    let mut definition = SilhouetteCluster::crd();
    for version in &mut definition.spec.versions {
        if let Some(schema) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            each(schema, &mut as_kubernetes_wants);
            set_status_default(schema);
        }
    }
    definition
}

/// The `CustomResourceDefinition` as YAML, for `kubectl apply`.
pub fn manifest() -> Result<String, serde_yaml::Error> {
    let yaml = serde_yaml::to_string(&definition())?;
    Ok(format!("# Generated from the types in operator/src/api by `make docs`; do not edit.\n{yaml}"))
}

/// Takes out of a schema what Kubernetes warns of, or would do otherwise than is meant.
fn as_kubernetes_wants(schema: &mut JSONSchemaProps) {
    // An optional field that is null is as good as absent: the API server drops it, unless null was allowed.
    schema.nullable = None;
    // It knows signed formats only, and each range says what may be negative.
    schema.format = match schema.format.take().as_deref() {
        Some("uint32" | "uint64") => Some("int64".to_owned()),
        other => other.map(str::to_owned),
    };
}

/// A resource has a status from its first moment, which says that nobody has looked at it yet: until then, tools that wait
/// for it must not take it for finished. Nothing else in a status has a default.
fn set_status_default(schema: &mut JSONSchemaProps) {
    let Some(status) = schema.properties.as_mut().and_then(|properties| properties.get_mut("status")) else { return };
    each(status, &mut |part| part.default = None);
    status.default = Some(JSON(json!({ "observedGeneration": -1 })));
}

/// Does something to a schema and all its parts.
fn each(schema: &mut JSONSchemaProps, change: &mut impl FnMut(&mut JSONSchemaProps)) {
    change(schema);
    for part in schema.properties.iter_mut().flat_map(|properties| properties.values_mut()) {
        each(part, change);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        each(items, change);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        each(values, change);
    }
}
