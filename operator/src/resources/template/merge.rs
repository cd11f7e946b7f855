//! Merging of two templates, as JSON.
//!
//! Objects are merged key by key, and `null` takes away what was there (RFC 7386). Lists whose elements have a name are
//! merged by it, as `kubectl patch` merges them: elements of the same name become one, others are added after ours. All
//! other lists, such as arguments or tolerations, are replaced as a whole. So a template can say whatever a pod of any
//! version of Kubernetes can have, and nothing that it does not know is lost on the way.

use serde_json::{Map, Value};
use thiserror::Error;

/// Lists that are merged, and what names their elements: the merge keys of Kubernetes' own API.
const NAMED_LISTS: [(&str, &str); 11] = [
    ("containers", "name"),
    ("initContainers", "name"),
    ("volumes", "name"),
    ("env", "name"),
    ("imagePullSecrets", "name"),
    ("resourceClaims", "name"),
    ("ports", "containerPort"),
    ("volumeMounts", "mountPath"),
    ("volumeDevices", "devicePath"),
    ("hostAliases", "ip"),
    ("topologySpreadConstraints", "topologyKey"),
];

/// An element that cannot be merged.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
#[error("`{path}` has no `{key}`, by which it would be merged")]
pub struct UnnamedElement {
    /// Where it is: `podTemplate.spec.containers[1]`.
    path: String,
    /// What it lacks.
    key: &'static str,
}

/// Merges `theirs` into `ours`. `path` is where both are, for people.
pub(super) fn merge(ours: &mut Value, theirs: &Value, path: &str) -> Result<(), UnnamedElement> {
    let Value::Object(theirs) = theirs else {
        *ours = theirs.clone();
        return Ok(());
    };
    if !ours.is_object() {
        // Into nothing, and not copied: it may hold `null`.
        *ours = Value::Object(Map::new());
    }
    let Value::Object(ours) = ours else { return Ok(()) };
    for (name, theirs) in theirs {
        let path = format!("{path}.{name}");
        let key = NAMED_LISTS.iter().find(|(list, _)| list == name).map(|(_, key)| *key);
        match (key, theirs) {
            (_, Value::Null) => {
                ours.remove(name);
            }
            (Some(key), Value::Array(theirs)) => {
                let ours = ours.entry(name.clone()).or_insert_with(|| Value::Array(Vec::new()));
                merge_named(ours, theirs, key, &path)?;
            }
            _ => merge(ours.entry(name.clone()).or_insert(Value::Null), theirs, &path)?,
        }
    }
    Ok(())
}

/// Merges lists whose elements are named by `key`.
fn merge_named(ours: &mut Value, theirs: &[Value], key: &'static str, path: &str) -> Result<(), UnnamedElement> {
    let Value::Array(ours) = ours else { return Ok(()) };
    for (index, element) in theirs.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(name) = element.get(key).filter(|name| !name.is_null()) else {
            return Err(UnnamedElement { path, key });
        };
        let present = ours.iter().position(|present| present.get(key) == Some(name));
        let place = present.unwrap_or_else(|| {
            ours.push(Value::Null);
            ours.len() - 1
        });
        merge(&mut ours[place], element, &path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(mut ours: Value, theirs: &Value) -> Value {
        merge(&mut ours, theirs, "podTemplate").expect("all elements are named");
        ours
    }

    #[test]
    fn objects_are_merged_by_key_and_null_takes_away() {
        let ours = json!({ "spec": { "securityContext": { "runAsUser": 1, "fsGroup": 2 }, "dnsPolicy": "Default" } });
        let theirs =
            json!({ "spec": { "securityContext": { "runAsUser": null, "runAsGroup": 3 }, "new": { "a": null } } });
        let expected = json!({
            "spec": { "securityContext": { "fsGroup": 2, "runAsGroup": 3 }, "dnsPolicy": "Default", "new": {} }
        });
        assert_eq!(merged(ours, &theirs), expected);
    }

    #[test]
    fn elements_of_the_same_name_become_one_and_others_come_after_ours() {
        let ours = json!({ "containers": [{ "name": "a", "image": "1", "env": [{ "name": "X", "value": "1" }] }] });
        let theirs = json!({ "containers": [
            { "name": "b", "image": "2" },
            { "name": "a", "env": [{ "name": "Y", "value": "2" }, { "name": "X", "value": "3" }] },
        ] });
        let expected = json!({ "containers": [
            { "name": "a", "image": "1", "env": [{ "name": "X", "value": "3" }, { "name": "Y", "value": "2" }] },
            { "name": "b", "image": "2" },
        ] });
        assert_eq!(merged(ours, &theirs), expected);
    }

    #[test]
    fn lists_without_names_are_replaced() {
        let ours = json!({ "args": ["a", "b"], "tolerations": [{ "key": "x" }] });
        let theirs = json!({ "args": ["c"], "tolerations": [] });
        assert_eq!(merged(ours, &theirs), theirs);
    }

    #[test]
    fn what_is_of_another_kind_replaces_ours_and_is_left_to_the_api_server() {
        let ours = json!({ "containers": [{ "name": "a" }], "securityContext": {} });
        let theirs = json!({ "containers": "none", "securityContext": [1] });
        assert_eq!(merged(ours, &theirs), theirs);
    }

    #[test]
    fn an_element_without_a_name_is_refused_by_its_path() {
        let theirs = json!({ "spec": { "containers": [{ "name": "a", "ports": [{ "name": "http" }] }] } });
        let error = merge(&mut json!({}), &theirs, "podTemplate").expect_err("a port has no number");
        let expected = "`podTemplate.spec.containers[0].ports[0]` has no `containerPort`, by which it would be merged";
        assert_eq!(error.to_string(), expected);
    }
}
