//! What of the template the operator and its nodes rely on, so that `spec.podTemplate` may not change it.
//!
//! The API server would take such a template, and pods of it would never become members, or be members that the operator
//! does not find. So it is refused by name before anything is changed. Whether the rest makes a pod, the API server tells.

use serde_json::Value;

use super::{
    super::{CONFIGURATION_VOLUME, DATA_VOLUME, SERVER_CONTAINER, labels},
    PodTemplateError,
};

/// How long a node needs at least to hand over and to finish what it was asked, in seconds.
const LEAST_GRACE_SECONDS: i64 = 30;

/// Lists of the server's container that stay as they are, and what for.
const LISTS: [(&str, &str); 2] = [
    ("command", "nodes are started by it; environment variables can configure them further"),
    ("args", "nodes learn their names and addresses from it; environment variables can configure them further"),
];

/// Lists of the server's container whose elements stay as they are, by what names them; others may be added.
const NAMED_LISTS: [(&str, &str, &str); 2] = [
    ("ports", "containerPort", "Services, probes and the operator connect to them"),
    ("volumeMounts", "mountPath", "nodes find their data and their configuration there"),
];

/// Refuses a merged template that lacks what is relied on.
pub(super) fn check(ours: &Value, merged: &Value) -> Result<(), PodTemplateError> {
    let label = |template: &Value| template["metadata"]["labels"][labels::CLUSTER].clone();
    let path = format!("podTemplate.metadata.labels[{}]", labels::CLUSTER);
    require(label(merged) == label(ours), path, "the cluster's pods are found by it")?;
    let (ours, merged) = (&ours["spec"], &merged["spec"]);
    check_container(server(ours), server(merged))?;
    let configuration = |pod: &Value| element(pod, "volumes", "name", &CONFIGURATION_VOLUME.into()).cloned();
    let path = format!("podTemplate.spec.volumes[name={CONFIGURATION_VOLUME}]");
    require(configuration(merged) == configuration(ours), path, "nodes find their configuration there")?;
    let has_data = element(merged, "volumes", "name", &DATA_VOLUME.into()).is_some();
    let path = format!("podTemplate.spec.volumes[name={DATA_VOLUME}]");
    require(!has_data, path, "a volume of this name is made from each pod's claim, and holds a node's data")?;
    let grace = merged["terminationGracePeriodSeconds"].as_i64();
    let path = "podTemplate.spec.terminationGracePeriodSeconds";
    let reason = "a node needs at least 30 s to hand over leadership and to finish calls";
    require(grace.is_some_and(|seconds| seconds >= LEAST_GRACE_SECONDS), path, reason)
}

/// Refuses a container that is missing, or runs something else, or elsewhere.
fn check_container(ours: Option<&Value>, merged: Option<&Value>) -> Result<(), PodTemplateError> {
    let path = format!("podTemplate.spec.containers[name={SERVER_CONTAINER}]");
    require(merged.is_some(), path.clone(), "a node runs in it")?;
    let (Some(ours), Some(merged)) = (ours, merged) else { return Ok(()) };
    for (list, reason) in LISTS {
        require(merged[list] == ours[list], format!("{path}.{list}"), reason)?;
    }
    for (list, key, reason) in NAMED_LISTS {
        let stay = elements(ours, list).all(|ours| element(merged, list, key, &ours[key]) == Some(ours));
        require(stay, format!("{path}.{list}"), reason)?;
    }
    // Variables with a value are the resource's, and may be given another one.
    let mut own = elements(ours, "env").filter(|variable| variable.get("valueFrom").is_some());
    let stay = own.all(|ours| element(merged, "env", "name", &ours["name"]) == Some(ours));
    require(stay, format!("{path}.env"), "nodes learn their names from it")
}

fn require(holds: bool, path: impl Into<String>, reason: &'static str) -> Result<(), PodTemplateError> {
    if holds { Ok(()) } else { Err(PodTemplateError::Needed { path: path.into(), reason }) }
}

/// The container in which a node runs.
fn server(pod: &Value) -> Option<&Value> {
    element(pod, "containers", "name", &SERVER_CONTAINER.into())
}

/// The elements of a list; none if it is no list.
fn elements<'a>(of: &'a Value, list: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    of[list].as_array().into_iter().flatten()
}

/// The element of a list that `key` names so.
fn element<'a>(of: &'a Value, list: &str, key: &str, name: &Value) -> Option<&'a Value> {
    elements(of, list).find(|element| element[key] == *name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::PATH, super::merge::merge, *};

    fn ours() -> Value {
        json!({
            "metadata": { "labels": { "silhouette.dev/cluster": "demo" } },
            "spec": {
                "containers": [{
                    "name": "silhouette-server",
                    "image": "silhouette:1",
                    "command": ["silhouette-server"],
                    "args": ["--name=$(POD_NAME)"],
                    "env": [
                        { "name": "POD_NAME", "valueFrom": { "fieldRef": { "fieldPath": "metadata.name" } } },
                        { "name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://a:4317" },
                    ],
                    "ports": [{ "name": "client", "containerPort": 7601 }],
                    "volumeMounts": [{ "name": "data", "mountPath": "/var/lib/silhouette" }],
                }],
                "volumes": [{ "name": "config", "configMap": { "name": "demo-config-0" } }],
                "terminationGracePeriodSeconds": 60,
            },
        })
    }

    /// What is said of a template that people wrote.
    fn refusal(theirs: &Value) -> Option<String> {
        let mut merged = ours();
        merge(&mut merged, theirs, PATH).expect("all elements are named");
        check(&ours(), &merged).err().map(|error| error.to_string())
    }

    fn server_with(change: &Value) -> Value {
        let mut server = json!({ "name": SERVER_CONTAINER });
        merge(&mut server, change, PATH).expect("all elements are named");
        json!({ "spec": { "containers": [server] } })
    }

    #[test]
    fn what_the_operator_relies_on_is_refused_by_name() {
        let server = "podTemplate.spec.containers[name=silhouette-server]";
        let cases = [
            (
                json!({ "metadata": { "labels": { "silhouette.dev/cluster": "x" } } }),
                "podTemplate.metadata.labels[silhouette.dev/cluster]".to_owned(),
            ),
            (json!({ "metadata": null }), "podTemplate.metadata.labels[silhouette.dev/cluster]".to_owned()),
            (json!({ "spec": { "containers": null } }), server.to_owned()),
            (json!({ "spec": { "containers": "none" } }), server.to_owned()),
            (json!({ "spec": [] }), server.to_owned()),
            (server_with(&json!({ "command": ["sh"] })), format!("{server}.command")),
            (server_with(&json!({ "args": ["--dev"] })), format!("{server}.args")),
            (server_with(&json!({ "env": [{ "name": "POD_NAME", "value": "x" }] })), format!("{server}.env")),
            (server_with(&json!({ "ports": [{ "containerPort": 7601, "name": "x" }] })), format!("{server}.ports")),
            (server_with(&json!({ "ports": "none" })), format!("{server}.ports")),
            (
                server_with(&json!({ "volumeMounts": [{ "mountPath": "/var/lib/silhouette", "subPath": "x" }] })),
                format!("{server}.volumeMounts"),
            ),
            (
                json!({ "spec": { "volumes": [{ "name": "config", "secret": {} }] } }),
                "podTemplate.spec.volumes[name=config]".to_owned(),
            ),
            (
                json!({ "spec": { "volumes": [{ "name": "data", "emptyDir": {} }] } }),
                "podTemplate.spec.volumes[name=data]".to_owned(),
            ),
            (
                json!({ "spec": { "terminationGracePeriodSeconds": 0 } }),
                "podTemplate.spec.terminationGracePeriodSeconds".to_owned(),
            ),
        ];
        for (theirs, path) in cases {
            let said = refusal(&theirs).unwrap_or_else(|| panic!("{theirs} is taken"));
            assert!(said.starts_with(&format!("`{path}` cannot be so: ")), "{theirs}: {said}");
        }
    }

    #[test]
    fn what_is_added_or_is_the_resources_own_is_taken() {
        for theirs in [
            json!({}),
            json!({ "metadata": { "labels": { "team": "x" }, "annotations": { "a": "b" } } }),
            json!({ "spec": { "containers": [{ "name": "other", "image": "x" }], "terminationGracePeriodSeconds": 90 } }),
            server_with(&json!({
                "image": "silhouette:2",
                "env": [{ "name": "X", "value": "y" }, { "name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://b:4317" }],
                "ports": [{ "containerPort": 1, "name": "x" }],
                "volumeMounts": [{ "mountPath": "/x", "name": "x" }],
            })),
        ] {
            assert_eq!(refusal(&theirs), None, "{theirs}");
        }
    }
}
