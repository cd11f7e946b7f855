//! Specs that are refused, each with what is said.

use anyhow::Result;
use serde_json::{Value, json};
use silhouette_tests::kubernetes::Namespace;

use super::case::{self, FieldValidation, Keep, create, expect_refused, resource, with_spec};

/// A change of the smallest spec that is refused.
struct Refused {
    what: &'static str,
    changes: Value,
    /// The field that is named.
    field: &'static str,
    /// What is said of it.
    sentence: &'static str,
}

impl Refused {
    fn new(what: &'static str, changes: Value, field: &'static str, sentence: &'static str) -> Self {
        Self { what, changes, field, sentence }
    }
}

const REPLICAS: &str = "replicas must be 1, 3 or 5: an even number survives no more failures than the odd one below it";
const IMAGE: &str =
    "name a version: the image needs a tag other than 'latest', or a digest, or nodes of one cluster could differ";
const BYTES: &str = "must be a whole number of bytes, with a unit or without, such as 512Mi, 2Gi or 10G";
const CORES: &str = "must be a number of cores, such as 2, 0.5 or 500m";
const SHARE: &str =
    "rounds.maxBytes must be at most 80 % of resources.memory: the rest is for the log, connections and the program";
const VALUES: &str = "the operators In and NotIn need values, and Exists and DoesNotExist take none";

fn of_the_whole() -> Vec<Refused> {
    vec![
        Refused::new("two voters", json!({ "replicas": 2 }), "spec.replicas", REPLICAS),
        Refused::new("four voters", json!({ "replicas": 4 }), "spec.replicas", REPLICAS),
        Refused::new("no voter", json!({ "replicas": 0 }), "spec.replicas", REPLICAS),
        Refused::new("seven voters", json!({ "replicas": 7 }), "spec.replicas", REPLICAS),
        Refused::new("no image", json!({ "image": null }), "spec.image", "Required value"),
        Refused::new("no storage", json!({ "storage": null }), "spec.storage", "Required value"),
        Refused::new("no word on encryption", json!({ "tls": null }), "spec.tls", "Required value"),
        Refused::new(
            "certificates",
            json!({ "tls": { "mode": "Managed" } }),
            "spec.tls.mode",
            "supported values: \"Disabled\"",
        ),
        Refused::new(
            "a template that is a text",
            json!({ "podTemplate": "pod" }),
            "spec.podTemplate",
            "must be of type object",
        ),
    ]
}

fn of_image_and_storage() -> Vec<Refused> {
    let long = "i".repeat(513);
    vec![
        Refused::new(
            "an image without a tag",
            json!({ "image": { "name": "silhouette-server" } }),
            "spec.image.name",
            IMAGE,
        ),
        Refused::new("a port but no tag", json!({ "image": { "name": "host:5000/server" } }), "spec.image.name", IMAGE),
        Refused::new("the latest image", json!({ "image": { "name": "server:latest" } }), "spec.image.name", IMAGE),
        Refused::new("a long image", json!({ "image": { "name": long } }), "spec.image.name", "Too long"),
        Refused::new(
            "an unknown policy",
            json!({ "image": { "pullPolicy": "Often" } }),
            "spec.image.pullPolicy",
            "supported values",
        ),
        Refused::new(
            "a Secret twice",
            json!({ "image": { "pullSecrets": [{ "name": "a" }, { "name": "a" }] } }),
            "spec.image.pullSecrets",
            "Duplicate value",
        ),
        Refused::new("half a byte", json!({ "storage": { "size": "1.5Gi" } }), "spec.storage.size", BYTES),
        Refused::new("an unknown unit", json!({ "storage": { "size": "1GB" } }), "spec.storage.size", BYTES),
        Refused::new(
            "a size that is a number",
            json!({ "storage": { "size": 1 } }),
            "spec.storage.size",
            "must be of type string",
        ),
        Refused::new(
            "little storage",
            json!({ "storage": { "size": "512Mi" } }),
            "spec.storage.size",
            "storage.size must be at least 1Gi",
        ),
    ]
}

fn of_resources_and_rounds() -> Vec<Refused> {
    vec![
        Refused::new(
            "little memory",
            json!({ "resources": { "memory": "128Mi" } }),
            "spec.resources.memory",
            "resources.memory must be at least 256Mi",
        ),
        Refused::new("memory of minus one", json!({ "resources": { "memory": "-1" } }), "spec.resources.memory", BYTES),
        Refused::new(
            "cores by words",
            json!({ "resources": { "cpu": { "limit": "two" } } }),
            "spec.resources.cpu.limit",
            CORES,
        ),
        Refused::new(
            "more kept than allowed",
            json!({ "resources": { "cpu": { "request": "2", "limit": "1500m" } } }),
            "spec.resources.cpu",
            "resources.cpu.limit must not be less than resources.cpu.request",
        ),
        Refused::new("rounds that fill the memory", json!({ "rounds": { "maxBytes": "2Gi" } }), "spec", SHARE),
        Refused::new(
            "rounds a little too large",
            json!({ "resources": { "memory": "10G" }, "rounds": { "maxBytes": "8001M" } }),
            "spec",
            SHARE,
        ),
        Refused::new(
            "more open rounds than rounds",
            json!({ "rounds": { "limits": { "maxOpenRounds": 5, "maxRounds": 4 } } }),
            "spec.rounds.limits",
            "rounds.limits.maxOpenRounds must not be more than rounds.limits.maxRounds",
        ),
        Refused::new(
            "no pairs",
            json!({ "rounds": { "limits": { "maxPairs": 0 } } }),
            "spec.rounds.limits.maxPairs",
            "should be greater than or equal to 1",
        ),
        Refused::new(
            "large batches",
            json!({ "pir": { "batchQueries": 65 } }),
            "spec.pir.batchQueries",
            "less than or equal to 64",
        ),
    ]
}

fn of_surroundings() -> Vec<Refused> {
    let peer = json!({ "podSelector": {} });
    let expression = |operator: &str, values: Value| {
        let requirement = json!({ "key": "a", "operator": operator, "values": values });
        json!({ "networkPolicy": { "clients": [{ "podSelector": { "matchExpressions": [requirement] } }] } })
    };
    let toleration = |toleration: Value| json!({ "scheduling": { "tolerations": [toleration] } });
    vec![
        Refused::new(
            "an endpoint without a scheme",
            json!({ "monitoring": { "traces": { "endpoint": "collector:4317" } } }),
            "spec.monitoring.traces.endpoint",
            "monitoring.traces.endpoint must be a URL that begins with http:// or https://",
        ),
        Refused::new(
            "an unknown level",
            json!({ "monitoring": { "logs": { "level": "Loud" } } }),
            "spec.monitoring.logs.level",
            "supported values",
        ),
        Refused::new(
            "peers without a policy",
            json!({ "networkPolicy": { "mode": "Disabled", "clients": [peer] } }),
            "spec.networkPolicy",
            "networkPolicy.clients and networkPolicy.metrics need networkPolicy.mode: Managed",
        ),
        Refused::new(
            "a peer that is nobody",
            json!({ "networkPolicy": { "clients": [{}] } }),
            "spec.networkPolicy.clients[0]",
            "name whom you let in: podSelector, namespaceSelector or both",
        ),
        Refused::new("In without values", expression("In", json!([])), "matchExpressions[0]", VALUES),
        Refused::new("Exists with values", expression("Exists", json!(["b"])), "matchExpressions[0]", VALUES),
        Refused::new(
            "a toleration of nothing",
            toleration(json!({ "value": "a" })),
            "spec.scheduling.tolerations[0]",
            "a toleration with operator Equal needs a key",
        ),
        Refused::new(
            "a value that is not looked at",
            toleration(json!({ "key": "a", "operator": "Exists", "value": "b" })),
            "spec.scheduling.tolerations[0]",
            "a toleration with operator Exists takes no value",
        ),
        Refused::new(
            "a time for what does not expel",
            toleration(json!({ "key": "a", "tolerationSeconds": 1, "effect": "NoSchedule" })),
            "spec.scheduling.tolerations[0]",
            "tolerationSeconds needs effect: NoExecute",
        ),
        Refused::new(
            "a topology twice",
            json!({ "scheduling": { "topology": [{ "key": "zone" }, { "key": "zone" }] } }),
            "spec.scheduling.topology",
            "Duplicate value",
        ),
    ]
}

#[tokio::test]
async fn specs_that_make_no_sense_are_refused_with_a_sentence() -> Result<()> {
    let namespace = Namespace::new().await?;
    let all = [of_the_whole(), of_image_and_storage(), of_resources_and_rounds(), of_surroundings()];
    let mut outcomes = Vec::new();
    for Refused { what, changes, field, sentence } in all.into_iter().flatten() {
        let answer = create(&namespace, &with_spec(&changes), FieldValidation::Strict, Keep::No).await?;
        outcomes.push(expect_refused(what, answer, field, sentence));
    }
    case::all(outcomes)?;
    namespace.passed();
    Ok(())
}

const LONG_NAME: &str = "the name must have at most 40 characters: names of pods, Services and labels are made from it";
const ODD_NAME: &str = "the name must begin with a lower-case letter and have only lower-case letters, digits and '-': Services are named after it";

#[tokio::test]
async fn names_of_which_no_objects_can_be_named_are_refused_with_a_sentence() -> Result<()> {
    let namespace = Namespace::new().await?;
    let cases = [
        ("a".repeat(41), LONG_NAME),
        ("a".repeat(63), LONG_NAME),
        ("1demo".to_owned(), ODD_NAME),
        ("demo.example".to_owned(), ODD_NAME),
    ];
    let mut outcomes = Vec::new();
    for (name, sentence) in cases {
        let resource = resource(&json!({ "metadata": { "name": name } }));
        let answer = create(&namespace, &resource, FieldValidation::Strict, Keep::No).await?;
        outcomes.push(expect_refused(&name, answer, &name, sentence));
    }
    case::all(outcomes)?;
    namespace.passed();
    Ok(())
}
