//! A node's configuration comes from a file, the environment and flags, and says of each value where it came from.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use anyhow::{Context as _, Result, ensure};
use silhouette_tests::harness::{
    addresses::{Addresses, own_host},
    binaries::binary,
    probe,
    process::Process,
    waiting::{PATIENCE, eventually},
};

/// A configuration or flags that make no sense.
const USAGE: i32 = 2;

/// What Kubernetes gives to every pod beside a Service named `silhouette`.
const SERVICE_LINKS: [(&str, &str); 4] = [
    ("SILHOUETTE_SERVICE_HOST", "10.96.0.17"),
    ("SILHOUETTE_SERVICE_PORT", "7601"),
    ("SILHOUETTE_PORT", "tcp://10.96.0.17:7601"),
    ("SILHOUETTE_PORT_7601_TCP_ADDR", "10.96.0.17"),
];

/// The server with these flags and variables, and no others.
fn server(flags: &[&str], variables: &[(&str, &str)]) -> Result<Command> {
    let mut command = Command::new(binary("silhouette-server")?);
    command.args(flags).env_clear().envs(variables.iter().copied()).stdin(Stdio::null());
    Ok(command)
}

/// What it prints where it does not start.
async fn output(flags: &[&str], variables: &[(&str, &str)]) -> Result<Output> {
    let mut command = tokio::process::Command::from(server(flags, variables)?);
    let output = tokio::time::timeout(PATIENCE, command.kill_on_drop(true).output()).await;
    output.context("it goes on running")?.context("cannot run the server")
}

fn write(folder: &Path, name: &str, yaml: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, yaml).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// `text` without its comments.
fn values(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.split("  # ").next().unwrap_or(line)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_is_told_at_once_and_nothing_is_made() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let yaml = "raft:\n  tik: 20ms\n  election_ticks: many\nstorge: {}\nhttp: 7603\n";
    let file = write(folder.path(), "node.yaml", yaml)?.display().to_string();
    let data = folder.path().join("data").display().to_string();
    let wrong = output(
        &["--config", &file, "--data-dir", &data],
        &[("SILHOUETTE__RAFT__TIK", "20ms"), ("SILHOUETTE__ROUNDS__MAX_PAIRS", "lots"), ("SILHOUETTE__DATA_DIR", "/x")],
    )
    .await?;
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(USAGE), "{said}");
    ensure!(said.starts_with("error: the configuration is wrong in 7 places:\n"), "{said}");
    for part in [
        format!("file {file}:2:3: there is no key `raft.tik`; did you mean `raft.tick`?"),
        format!("file {file}:3:19: `raft.election_ticks` must be a whole number"),
        format!("file {file}:4:1: there is no key `storge`; did you mean `storage`?"),
        format!("file {file}:5:7: `http` is a section"),
        "SILHOUETTE__RAFT__TIK: there is no such key; did you mean SILHOUETTE__RAFT__TICK?".to_owned(),
        "SILHOUETTE__ROUNDS__MAX_PAIRS: `rounds.max_pairs` must be a whole number".to_owned(),
        "SILHOUETTE__DATA_DIR: there is no such key; did you mean SILHOUETTE__STORAGE__DATA_DIR?".to_owned(),
    ] {
        ensure!(said.contains(&part), "{part:?} is not said: {said}");
    }
    ensure!(wrong.stdout.is_empty(), "it has printed something else");
    ensure!(!Path::new(&data).exists(), "it has made a data directory all the same");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_printed_tells_origins_and_is_a_configuration_file() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let file = write(folder.path(), "node.yaml", "name: node-0\nraft:\n  tick: 20ms\n  election_ticks: 30\n")?;
    let file = file.display().to_string();
    let flags = ["--config", &file, "--data-dir", "/data", "--print-config"];
    let variables = [("SILHOUETTE__RAFT__TICK", "40ms"), ("RUST_LOG", "debug"), SERVICE_LINKS[0]];
    let first = output(&flags, &variables).await?;
    ensure!(first.status.success(), "{first:?}");
    let printed = String::from_utf8(first.stdout)?;
    for line in [
        format!("name: node-0  # file {file}:1:7\n"),
        format!("  election_ticks: 30  # file {file}:4:19\n"),
        "  tick: 40ms  # SILHOUETTE__RAFT__TICK\n".to_owned(),
        "  level: debug  # RUST_LOG\n".to_owned(),
        "  data_dir: /data  # --data-dir\n".to_owned(),
        "  heartbeat_ticks: 2  # default\n".to_owned(),
    ] {
        ensure!(printed.contains(&line), "{line:?} is not printed:\n{printed}");
    }
    let again = write(folder.path(), "printed.yaml", &printed)?.display().to_string();
    let second = output(&["--config", &again, "--print-config"], &[]).await?;
    ensure!(second.status.success(), "{second:?}");
    assert_eq!(values(&String::from_utf8(second.stdout)?), values(&printed));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn printing_says_whether_a_node_would_start() -> Result<()> {
    let wrong = output(&["--print-config"], &[("SILHOUETTE__RAFT__TICK", "0s")]).await?;
    let said = String::from_utf8_lossy(&wrong.stderr);
    assert_eq!(wrong.status.code(), Some(USAGE), "{said}");
    ensure!(said.contains("SILHOUETTE__RAFT__TICK: `raft.tick` must be"), "{said}");
    ensure!(said.contains("`storage.data_dir` is not given"), "{said}");
    ensure!(String::from_utf8_lossy(&wrong.stdout).contains("tick: 0s  # SILHOUETTE__RAFT__TICK"), "{wrong:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_starts_from_the_environment_alone_beside_what_kubernetes_sets() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let Addresses { client, peer, http } = Addresses::free_at(own_host())?;
    let [client, peer, address] = [client, peer, http].map(|address| address.to_string());
    let text = data.display().to_string();
    let own = [
        ("SILHOUETTE__STORAGE__DATA_DIR", text.as_str()),
        ("SILHOUETTE__CLIENT__ADDR", &client),
        ("SILHOUETTE__PEER__ADDR", &peer),
        ("SILHOUETTE__HTTP__ADDR", &address),
        ("SILHOUETTE__SHUTDOWN__DRAIN_DELAY", "0s"),
        ("SILHOUETTE__NAME", ""),
    ];
    let mut process = Process::spawn(server(&[], &[&own[..], &SERVICE_LINKS].concat())?.stderr(Stdio::null()))?;
    eventually("it serves probes where the environment says", async || {
        let answer = probe::get(http, "/startupz").await?;
        ensure!(answer.is_ok(), "/startupz answers {}: {}", answer.status, answer.body);
        Ok(())
    })
    .await?;
    ensure!(data.is_dir(), "its data is elsewhere");
    process.terminate()?;
    ensure!(process.ended(PATIENCE).await?.success(), "it did not end as asked");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reference_of_the_installed_version_is_the_page() -> Result<()> {
    let printed = output(&["--print-config-reference"], &[]).await?;
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    assert_eq!(String::from_utf8(printed.stdout)?, fs::read_to_string(page)?);
    Ok(())
}
