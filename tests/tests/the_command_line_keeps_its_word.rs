//! `silhouettectl` as people and scripts use it: documents, tables and exit codes.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use silhouette_tests::harness::{
    addresses::{Addresses, own_host},
    cluster::Cluster,
    configuration::Configuration,
    control::{Control, Outcome},
};

const REFUSED: i32 = 1;
const USAGE: i32 = 2;
const UNCHANGED: i32 = 3;
const UNREACHABLE: i32 = 4;
const UNHEALTHY: i32 = 5;
const TIMED_OUT: i32 = 124;

/// Asserts an exit code, and that data and sentences are where they belong.
fn ended(outcome: &Outcome, code: i32, said: &str) {
    assert_eq!(outcome.code, code, "{outcome:?}");
    assert!(outcome.stderr.contains(said), "{said:?} is not said: {outcome:?}");
    if code != 0 && code != UNCHANGED && code != UNHEALTHY {
        assert!(outcome.stdout.is_empty(), "a failed command has printed data: {outcome:?}");
        assert!(!outcome.stderr.is_empty(), "a failed command says nothing");
    }
}

async fn publish(control: &Control, id: &str, worker: &str, lines: &str) -> Result<Outcome> {
    control.run_with_input(&["-o", "json", "round", "publish", id, "--worker", worker, "--from", "-"], lines).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_is_led_from_start_to_deletion_by_commands() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let control = cluster.control();
    let started = control.json(&["round", "start", "levels-1", "--workers", "2", "--max-pairs", "100"]).await?;
    assert_eq!((&started["roundId"], &started["phase"]), (&json!("levels-1"), &json!("Open")), "{started}");
    ensure!(started["roundUid"].as_str().is_some_and(|uid| uid.len() == 32), "{started}");
    let again = control.json(&["round", "start", "levels-1", "--workers", "2", "--max-pairs", "100"]).await?;
    assert_eq!(again["roundUid"], started["roundUid"]);

    let watcher = tokio::spawn({
        let control = control.clone();
        async move { control.run(&["-o", "json", "round", "watch", "levels-1", "--until-gone"]).await }
    });
    let published = publish(&control, "levels-1", "w0", "vertex-17\t3\nvertex 18\t\n").await?.document()?;
    assert_eq!(
        (&published["worker"], &published["pairs"], &published["already"]),
        (&json!("w0"), &json!(2), &json!(false))
    );
    let repeated = publish(&control, "levels-1", "w0", "vertex 18\t\nvertex-17\t3\n").await?.document()?;
    assert_eq!(repeated["already"], json!(true));
    let open = control.json(&["round", "describe", "levels-1"]).await?;
    assert_eq!((&open["phase"], &open["workersPublished"]), (&json!("Open"), &json!(1)), "{open}");
    publish(&control, "levels-1", "w1", "vertex-99\t\u{fc}ber\n").await?.succeeded()?;
    let ready = control.json(&["round", "wait", "levels-1"]).await?;
    assert_eq!((&ready["phase"], &ready["roundUid"]), (&json!("Ready"), &started["roundUid"]));

    let expected = json!([
        { "key": "vertex-99", "value": "\u{fc}ber" },
        { "key": "nobody", "value": null },
        { "key": "vertex-17", "value": "3" },
        { "key": "vertex 18", "value": "" },
        { "key": "vertex-17", "value": "3" },
    ]);
    let keys = ["vertex-99", "nobody", "vertex-17", "vertex 18", "vertex-17"];
    for mode in ["auto", "pir", "download"] {
        let get = [&["-o", "json", "round", "get", "levels-1", "--mode", mode][..], &keys].concat();
        assert_eq!(control.run(&get).await?.document()?, expected, "{mode}");
    }
    let from = ["-o", "json", "round", "get", "levels-1", "--from", "-"];
    let lines = keys.map(|key| format!("{key}\n")).concat();
    assert_eq!(control.run_with_input(&from, &lines).await?.document()?, expected, "keys from standard input");
    let absent = control.run(&["round", "get", "levels-1", "nobody"]).await?;
    assert_eq!(absent.code, 0, "that a key is absent is an answer: {absent:?}");

    let listed = control.json(&["round", "list"]).await?;
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["roundId"]), (Some(1), &json!("levels-1")), "{listed}");
    assert_eq!(control.run(&["-o", "name", "round", "list"]).await?.stdout, "round/levels-1\n");
    control.run(&["round", "delete", "levels-1", "--yes"]).await?.succeeded()?;
    assert_eq!(control.json(&["round", "list"]).await?, json!([]));
    ended(&control.run(&["round", "start", "levels-1", "--workers", "2"]).await?, REFUSED, "ROUND_ID_RETIRED");

    let watched = watcher.await??;
    let changes: Vec<Value> = watched.stdout.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let phases: Vec<_> = changes.iter().filter_map(|change| change["round"]["phase"].as_str()).collect();
    ensure!(phases.contains(&"Open") && phases.contains(&"Ready"), "the watch saw {phases:?}");
    assert_eq!(changes.last().context("there are changes")?["deleted"], json!(true));
    let revisions: Vec<_> = changes.iter().filter_map(|change| change["revision"].as_u64()).collect();
    ensure!(revisions.len() == changes.len() && revisions.is_sorted_by(|one, next| one < next), "{revisions:?}");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn exit_codes_tell_scripts_what_happened() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let control = cluster.control();
    control.run(&["round", "start", "open", "--workers", "2"]).await?.succeeded()?;
    publish(&control, "open", "w0", "a\t1\n").await?.succeeded()?;

    ended(&control.run(&["round", "describe", "nowhere"]).await?, REFUSED, "ROUND_NOT_FOUND");
    ended(&control.run(&["round", "start", "open", "--workers", "3"]).await?, REFUSED, "ROUND_SPEC_DIFFERS");
    ended(&control.run(&["round", "get", "open", "a"]).await?, REFUSED, "ROUND_NOT_READY");
    ended(&publish(&control, "open", "w0", "a\t2\n").await?, REFUSED, "PUBLICATION_DIFFERS");
    ended(&publish(&control, "open", "w1", "a\t1\n").await?, REFUSED, "KEY_CONFLICT");

    ended(&control.run(&["round", "start", "open", "--workers", "0"]).await?, USAGE, "--workers");
    ended(&control.run(&["round", "frobnicate"]).await?, USAGE, "frobnicate");
    ended(&publish(&control, "open", "w1", "no tab\n").await?, USAGE, "line 1");
    ended(&publish(&control, "open", "w1", "a\t1\nb\t2\na\t3\n").await?, USAGE, "line 3");
    ended(
        &control.run(&["round", "publish", "open", "--worker", "w1", "--from", "/nowhere"]).await?,
        USAGE,
        "/nowhere",
    );
    ended(&control.run(&["round", "delete", "open"]).await?, USAGE, "--yes");
    ended(&Control::new(vec!["nowhere".to_owned()]).run(&["round", "list"]).await?, USAGE, "nowhere");

    let unchanged = ["--error-unchanged", "round", "start", "open", "--workers", "2"];
    ended(&control.run(&unchanged).await?, UNCHANGED, "");
    ended(&control.run(&["round", "wait", "open", "--timeout", "300ms"]).await?, TIMED_OUT, "TIMED_OUT");
    let nobody = Addresses::free_at(own_host())?.client.to_string();
    let unreachable = Control::new(vec![nobody.clone()]).run(&["--timeout", "1s", "round", "list"]).await?;
    ended(&unreachable, UNREACHABLE, &nobody);

    ended(&control.run(&["cluster", "status"]).await?, 0, "");
    let down = cluster.follower().await?;
    cluster.node_mut(down).kill()?;
    let status = control.run(&["cluster", "status"]).await?;
    ended(&status, UNHEALTHY, "");
    let address = cluster.node(down).addresses().client.to_string();
    ensure!(status.stdout.contains(&address), "a node that does not answer is listed too: {status:?}");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clusters_documents_and_tables_have_their_columns() -> Result<()> {
    let cluster = Cluster::of(3, Configuration::short_times()).await?;
    let control = cluster.control();
    let status = control.run(&["cluster", "status"]).await?;
    assert_eq!(
        columns(&status),
        ["ENDPOINT", "MEMBER", "VERSION", "DISK", "ROLE", "TERM", "INDEX", "APPLIED", "ROUNDS", "ERRORS"]
    );
    // Findings follow after a blank line, as about the disk of the machine that runs this.
    let table: Vec<_> = status.stdout.lines().take_while(|line| !line.is_empty()).collect();
    assert_eq!(table.len(), 4, "{status:?}");
    assert_eq!(table.iter().filter(|line| line.contains("leader")).count(), 1, "{status:?}");
    let members = control.run(&["cluster", "members"]).await?;
    assert_eq!(columns(&members), ["ID", "NAME", "ROLE", "STATUS", "PEER-ADDR", "CLIENT-ADDR"]);
    for node in cluster.nodes() {
        let addresses = node.addresses();
        let listed = |address: std::net::SocketAddr| members.stdout.contains(&address.to_string());
        ensure!(listed(addresses.client) && listed(addresses.peer), "{} is not listed: {members:?}", node.name());
    }
    let rounds = control.run(&["round", "list"]).await?;
    let columns_of_rounds = columns(&rounds);
    assert_eq!((columns_of_rounds.first().copied(), columns_of_rounds.last().copied()), (Some("NAME"), Some("AGE")));

    for command in [&["cluster", "status"][..], &["cluster", "members"], &["round", "list"], &["version"]] {
        let document = control.json(command).await?;
        ensure!(is_lower_camel_case(&document), "{command:?}: {document}");
    }
    let leader = cluster.leader().await?;
    control.run(&["cluster", "transfer-leader"]).await?.succeeded()?;
    ensure!(cluster.leader().await? != leader, "leadership has not moved");
    cluster.passed();
    Ok(())
}

/// Titles of a table.
fn columns(outcome: &Outcome) -> Vec<&str> {
    outcome.stdout.lines().next().unwrap_or_default().split_whitespace().collect()
}

/// Whether every name in a document is written as JSON's users expect.
fn is_lower_camel_case(document: &Value) -> bool {
    match document {
        Value::Object(fields) => fields.iter().all(|(name, value)| {
            name.starts_with(|first: char| first.is_ascii_lowercase())
                && name.chars().all(|character| character.is_ascii_alphanumeric())
                && is_lower_camel_case(value)
        }),
        Value::Array(items) => items.iter().all(is_lower_camel_case),
        _ => true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_added_and_removed_by_commands() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let (fourth, fifth) = (cluster.add_node().await?, cluster.add_node().await?);
    let endpoints: Vec<_> =
        [fourth, fifth].iter().map(|&index| cluster.node(index).addresses().client.to_string()).collect();
    let control = Control::new(cluster.endpoints().drain(..3).collect());
    control.run(&["cluster", "add", &endpoints[0], &endpoints[1]]).await?.succeeded()?;
    cluster.all_ready().await?;
    let members = control.json(&["cluster", "members"]).await?;
    ensure!(members.to_string().contains(&endpoints[1]), "{members}");

    let mut ids = Vec::new();
    for index in [fourth, fifth] {
        ids.push(cluster.node(index).wire()?.identity().await?.member_id.to_string());
    }
    let asking = control.run(&["cluster", "remove", &ids[0], &ids[1]]).await?;
    ended(&asking, USAGE, "--yes");
    control.run(&["cluster", "remove", &ids[0], &ids[1], "--yes"]).await?.succeeded()?;
    let configuration = cluster.node(0).wire()?.configuration().await?;
    assert_eq!(configuration.members.len(), 3);
    cluster.passed();
    Ok(())
}
