//! What the operator writes into pods is what nodes take: their flags, their variables and their configuration file.

use std::{fs, process::Output};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use silhouette_operator::{api::SilhouetteCluster, observed::Child, resources::Children};
use silhouette_tests::harness::{binaries::binary, waiting::PATIENCE};

/// A resource with these parts of a spec.
fn cluster(parts: &Value) -> Result<SilhouetteCluster> {
    let mut spec = json!({
        "image": { "name": "silhouette-server:0.1.0" },
        "storage": { "size": "10Gi" },
        "tls": { "mode": "Disabled" },
    });
    for (name, part) in parts.as_object().context("parts of a spec")? {
        spec[name] = part.clone();
    }
    let resource = json!({
        "apiVersion": "silhouette.dev/v1alpha1",
        "kind": "SilhouetteCluster",
        "metadata": { "name": "demo", "namespace": "graphs", "uid": "5b1f1a34" },
        "spec": spec,
    });
    Ok(serde_json::from_value(resource)?)
}

/// What the node of pod `demo-1` says of its configuration, with these variables besides.
async fn configuration(cluster: &SilhouetteCluster, variables: &[(&str, &str)]) -> Result<Output> {
    const POD: &str = "demo-1";
    let children = Children::of(cluster)?;
    let folder = tempfile::tempdir()?;
    let files = children.apply(Child::ConfigMap).context("a ConfigMap")?;
    let set = children.stateful_set(3)?;
    let pod = &set["spec"]["template"]["spec"];
    let mounts = pod["containers"][0]["volumeMounts"].as_array().context("mounts")?;
    let mounted = mounts.iter().find(|mount| mount["name"] == "config").context("the configuration is mounted")?;
    let mounted = mounted["mountPath"].as_str().context("a path")?;
    for (name, content) in files["data"].as_object().context("files")? {
        fs::write(folder.path().join(name), content.as_str().context("a text")?)?;
    }
    let arguments = pod["containers"][0]["args"].as_array().context("arguments")?.iter().map(|argument| {
        let argument = argument.as_str().unwrap_or_default().replace("$(POD_NAME)", POD);
        argument.replace(mounted, &folder.path().display().to_string())
    });
    let mut command = tokio::process::Command::new(binary("silhouette-server")?);
    command.args(arguments).arg("--print-config").env_clear().envs(variables.iter().copied()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.context("it goes on running")??;
    Ok(output)
}

/// What it prints, if it would start.
async fn printed(parts: &Value, variables: &[(&str, &str)]) -> Result<String> {
    let output = configuration(&cluster(parts)?, variables).await?;
    ensure!(output.status.success(), "{parts}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

/// The value of a key in what was printed, with its origin.
fn value<'a>(printed: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let section = printed.lines().skip_while(|line| *line != format!("{section}:")).skip(1);
    let prefix = format!("  {key}: ");
    section.take_while(|line| line.starts_with("  ")).find_map(|line| line.strip_prefix(&prefix))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_in_a_pod_knows_its_name_and_says_where_others_reach_it() -> Result<()> {
    let printed = printed(&json!({}), &[]).await?;
    ensure!(printed.contains("name: demo-1  # --name\n"), "{printed}");
    ensure!(printed.contains("insecure: true  # file"), "{printed}");
    for (section, port) in [("client", 7601), ("peer", 7602), ("http", 7603)] {
        let addr = value(&printed, section, "addr").context("it listens")?;
        ensure!(addr.starts_with(&format!("0.0.0.0:{port}")), "{addr}");
        let advertised = value(&printed, section, "advertise_addr").context("it advertises")?;
        ensure!(advertised.starts_with(&format!("demo-1.demo-headless.graphs.svc:{port}")), "{advertised}");
    }
    let data = value(&printed, "storage", "data_dir").context("it has data")?;
    ensure!(data.starts_with("/var/lib/silhouette"), "{data}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_take_every_key_of_the_resource_at_its_least_and_its_most() -> Result<()> {
    let least = json!({
        "okvs": { "threads": 1, "rehashIntervalSeconds": 60 },
        "pir": { "threads": 1, "batchQueries": 1, "waitingQueries": 1 },
        "rounds": { "maxBytes": "1", "limits": {
            "maxPairs": 1, "maxValueBytes": 1, "maxKeyBytes": 1, "maxBytesPerRound": 1, "maxWorkers": 1, "maxRounds": 1,
            "maxOpenRounds": 1, "encodingThreads": 1, "retentionSeconds": 1,
        } },
        "monitoring": { "logs": { "level": "Error" } },
    });
    let most = json!({
        "okvs": { "threads": 1024, "rehashIntervalSeconds": 86_400 },
        "pir": { "threads": 1024, "batchQueries": 64, "waitingQueries": 65_536 },
        "rounds": { "maxBytes": "999999Ti", "limits": {
            "maxPairs": 268_435_456_u64, "maxValueBytes": 65_535, "maxKeyBytes": 1_048_576,
            "maxBytesPerRound": 1_099_511_627_776_u64, "maxWorkers": 1_048_576, "maxRounds": 1_048_576,
            "maxOpenRounds": 1_048_576, "encodingThreads": 1024, "retentionSeconds": 315_360_000,
        } },
        "monitoring": { "logs": { "level": "Debug" } },
    });
    for (parts, level, per_connection) in [(least, "error", "1"), (most, "debug", "256")] {
        let printed = printed(&parts, &[]).await?;
        for (section, keys) in [
            ("memory", &["budget_bytes"] as &[_]),
            ("encoding", &["threads", "rehash_interval"]),
            ("retrieval", &["query_threads", "batch_queries", "waiting_queries", "waiting_queries_per_connection"]),
            ("rounds", &["max_pairs", "max_value_bytes", "max_key_bytes", "max_bytes_per_round", "max_workers"]),
            ("rounds", &["max_rounds", "max_open_rounds", "encoding_threads", "default_retention_ms"]),
            ("log", &["level", "format"]),
        ] {
            for key in keys {
                let value = value(&printed, section, key).with_context(|| format!("{section}.{key} is printed"))?;
                ensure!(value.contains("  # file "), "{section}.{key} is not of the file: {value}");
            }
        }
        let waiting = value(&printed, "retrieval", "waiting_queries_per_connection").unwrap_or_default();
        ensure!(waiting.starts_with(&format!("{per_connection} ")), "{waiting}");
        ensure!(value(&printed, "log", "level").is_some_and(|value| value.starts_with(level)), "{printed}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_a_pod_template_configure_nodes_but_not_who_and_where_they_are() -> Result<()> {
    let variables = [
        ("SILHOUETTE__SHUTDOWN__DRAIN_DELAY", "10s"),
        ("SILHOUETTE__NAME", "impostor"),
        ("SILHOUETTE__CLIENT__ADDR", "127.0.0.1:1"),
        ("SILHOUETTE__PEER__ADVERTISE_ADDR", "elsewhere:1"),
        ("SILHOUETTE__STORAGE__DATA_DIR", "/nowhere"),
    ];
    let printed = printed(&json!({}), &variables).await?;
    let delay = value(&printed, "shutdown", "drain_delay").unwrap_or_default();
    ensure!(delay.starts_with("10s  # SILHOUETTE__SHUTDOWN__DRAIN_DELAY"), "{delay}");
    ensure!(
        !["impostor", "127.0.0.1:1", "elsewhere", "/nowhere"].iter().any(|text| printed.contains(text)),
        "{printed}"
    );
    Ok(())
}
