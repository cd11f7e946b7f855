//! Specs that are accepted.

use anyhow::Result;
use serde_json::{Map, Value, json};
use silhouette_tests::kubernetes::Namespace;

use super::case::{expect_accepted, resource, smallest, with_spec};

/// Changes of the smallest spec, and what they are.
fn specs() -> Vec<(&'static str, Value)> {
    let digest = format!("registry.example:5000/silhouette-server@sha256:{}", "0".repeat(64));
    vec![
        ("one voter", json!({ "replicas": 1 })),
        ("five voters", json!({ "replicas": 5 })),
        ("an image by digest", json!({ "image": { "name": digest } })),
        ("an image of no registry", json!({ "image": { "name": "silhouette-server:dev" } })),
        (
            "an image with a Secret",
            json!({ "image": { "pullPolicy": "Always", "pullSecrets": [{ "name": "registry" }] } }),
        ),
        ("a storage class", json!({ "storage": { "storageClassName": "fast", "onClusterDelete": "Delete" } })),
        ("the least storage, in bytes", json!({ "storage": { "size": "1073741824" } })),
        ("the least memory", json!({ "resources": { "memory": "256Mi" } })),
        ("cores in thousandths", json!({ "resources": { "cpu": { "request": "500m", "limit": "1.5" } } })),
        ("rounds that fill what they may", json!({ "resources": { "memory": "10G" }, "rounds": { "maxBytes": "8G" } })),
        (
            "limits of rounds",
            json!({ "rounds": { "limits": { "maxPairs": 1000, "maxOpenRounds": 4, "maxRounds": 4 } } }),
        ),
        ("settings of encoding and queries", json!({ "okvs": { "threads": 2 }, "pir": { "batchQueries": 64 } })),
        ("traces", json!({ "monitoring": { "traces": { "endpoint": "http://collector.monitoring.svc:4317" } } })),
        (
            "clients of one namespace",
            json!({ "networkPolicy": { "clients": [{ "namespaceSelector": { "matchLabels": { "team": "a" } } }] } }),
        ),
        ("a toleration of everything", json!({ "scheduling": { "tolerations": [{ "operator": "Exists" }] } })),
        (
            "spread over zones",
            json!({ "scheduling": { "topology": [{ "key": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule" }] } }),
        ),
        (
            "affinity and a template of any fields",
            json!({
                "scheduling": { "affinity": { "nodeAffinity": { "a": [1, { "b": true }] } } },
                "podTemplate": { "metadata": { "annotations": { "a": "b" } }, "spec": { "containers": [{ "name": "x" }] } },
            }),
        ),
    ]
}

#[tokio::test]
async fn specs_that_make_sense_are_accepted() -> Result<()> {
    let namespace = Namespace::new().await?;
    expect_accepted(&namespace, "the smallest spec", &smallest()).await?;
    for (what, changes) in specs() {
        expect_accepted(&namespace, what, &with_spec(&changes)).await?;
    }
    for name in ["a", &"a".repeat(40), "a-1"] {
        expect_accepted(&namespace, name, &resource(&json!({ "metadata": { "name": name } }))).await?;
    }
    namespace.passed();
    Ok(())
}

/// The rules' cost is bounded by the bounds of what they look at: it must be accepted when all bounds are reached.
#[tokio::test]
async fn the_largest_spec_that_the_bounds_allow_is_accepted() -> Result<()> {
    let namespace = Namespace::new().await?;
    expect_accepted(&namespace, "the largest spec", &with_spec(&largest())).await?;
    namespace.passed();
    Ok(())
}

/// A spec in which every list, map and text that a rule looks at is as long as it may be.
fn largest() -> Value {
    let labels: Map<String, Value> =
        (0..32).map(|number| (format!("label-{number}"), Value::String("v".repeat(63)))).collect();
    let values = vec!["v".repeat(63); 16];
    let requirements = vec![json!({ "key": "k".repeat(317), "operator": "In", "values": values }); 16];
    let selector = json!({ "matchLabels": labels, "matchExpressions": requirements });
    let peers = vec![json!({ "podSelector": selector, "namespaceSelector": selector }); 16];
    let toleration = json!({
        "key": "k".repeat(317), "operator": "Equal", "value": "v".repeat(63), "effect": "NoExecute", "tolerationSeconds": 1,
    });
    let secrets: Vec<Value> = (0..8).map(|number| json!({ "name": format!("{number}{}", "s".repeat(252)) })).collect();
    let topology: Vec<Value> = (0..4).map(|number| json!({ "key": format!("{number}{}", "k".repeat(316)) })).collect();
    json!({
        "image": { "name": format!("{}:1", "i".repeat(510)), "pullSecrets": secrets },
        "storage": { "size": "999999999999999", "storageClassName": "s".repeat(253) },
        "resources": { "memory": "999999999999999", "cpu": { "request": "9999.999", "limit": "9999999m" } },
        "rounds": { "maxBytes": "799999999999999", "limits": { "maxPairs": 268_435_456, "maxRounds": 1_048_576 } },
        "monitoring": { "traces": { "endpoint": format!("http://{}", "h".repeat(505)) } },
        "networkPolicy": { "clients": peers, "metrics": peers },
        "scheduling": {
            "nodeSelector": labels,
            "tolerations": vec![toleration; 32],
            "priorityClassName": "p".repeat(253),
            "topology": topology,
        },
        "podTemplate": { "metadata": { "annotations": { "large": "x".repeat(100_000) } } },
    })
}
