//! What must hold of the schema, whatever is added to it.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use serde_json::json;

use super::{definition, each, manifest};

/// Bytes of the manifest: beyond 256 KiB `kubectl apply` could not keep it in an annotation, and API servers decode it at
/// each start.
const LARGEST: usize = 200 << 10;

/// Schema of the one version.
fn schema() -> JSONSchemaProps {
    let version = definition().spec.versions.remove(0);
    version.schema.and_then(|schema| schema.open_api_v3_schema).expect("it has a schema")
}

fn spec() -> JSONSchemaProps {
    schema().properties.and_then(|mut parts| parts.remove("spec")).expect("it has a spec")
}

#[test]
fn the_manifest_stays_small() {
    let bytes = manifest().expect("it is YAML").len();
    assert!(bytes < LARGEST, "{bytes} bytes");
}

#[test]
fn a_resource_has_a_status_before_anybody_has_looked_at_it() {
    let status = schema().properties.and_then(|mut parts| parts.remove("status")).expect("it has a status");
    assert_eq!(status.default.map(|default| default.0), Some(json!({ "observedGeneration": -1 })));
    let fields = status.properties.expect("a status has fields");
    assert!(fields.values().all(|field| field.default.is_none()), "nothing else of a status is invented");
}

#[test]
fn every_text_list_and_map_of_a_spec_is_bounded() {
    let mut unbounded = Vec::new();
    each(&mut spec(), &mut |part| {
        let bounded = match part.type_.as_deref() {
            Some("string") => part.max_length.is_some() || part.enum_.is_some(),
            Some("array") => part.max_items.is_some(),
            Some("object") => part.additional_properties.is_none() || part.max_properties.is_some(),
            Some("integer") => part.maximum.is_some() || part.x_kubernetes_validations.is_some(),
            _ => true,
        };
        if !bounded {
            unbounded.push(format!("{:?}: {:?}", part.type_, part.description));
        }
    });
    assert_eq!(unbounded, Vec::<String>::new());
}

#[test]
fn every_field_is_described_and_none_is_a_boolean_or_a_fraction() {
    let mut wrong = Vec::new();
    each(&mut schema(), &mut |part| {
        for (name, field) in part.properties.iter().flatten() {
            let kind = field.type_.as_deref();
            if field.description.is_none() && name != "spec" && name != "status" {
                wrong.push(format!("{name} is not described"));
            }
            if matches!(kind, Some("boolean" | "number")) {
                wrong.push(format!("{name} is a {kind:?}"));
            }
        }
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_schema_has_only_formats_that_kubernetes_knows_and_takes_no_nulls() {
    each(&mut schema(), &mut |part| {
        assert!(matches!(part.format.as_deref(), None | Some("int32" | "int64" | "date-time")), "{:?}", part.format);
        assert_eq!(part.nullable, None);
        assert!(part.any_of.is_none() && part.one_of.is_none(), "{:?} has alternatives", part.description);
    });
}

#[test]
fn every_rule_has_a_sentence_and_no_pattern_speaks_in_its_place() {
    each(&mut schema(), &mut |part| {
        assert_eq!(part.pattern, None);
        for rule in part.x_kubernetes_validations.iter().flatten() {
            let message = rule.message.as_deref().unwrap_or_default();
            assert!(message.contains(' ') && !message.ends_with('.'), "{:?} has no sentence", rule.rule);
        }
    });
}
