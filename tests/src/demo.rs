//! The demonstration: three rounds on three real nodes, told as they happen, every answer checked.
//!
//! | round | shows |
//! |---|---|
//! | [`degrees`] | eight workers with a part of a graph each learn the mean degree of their vertices' neighbours |
//! | [`crowd`] | 100,000 pairs, while the leader is killed; lookups on every node |
//! | [`few`] | a round of three pairs, and a worker that publishes nothing |

mod crowd;
mod degrees;
mod edge_list;
mod few;
mod graph;
mod karate;
mod lookups;
mod narration;
mod power_law;
mod table;

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

use self::{graph::Graph, narration::Narration, table::Row};
use crate::harness::{cluster::Cluster, configuration::Configuration};

/// Workers of the large rounds.
const WORKERS: u32 = 8;

/// Runs three silhouette-server processes on loopback and three rounds on them, and checks every answer.
///
/// Ends with 0 if everything was right.
#[derive(Debug, Clone, Parser)]
#[command(name = "silhouette-demo", version)]
pub struct Options {
    /// Graph of the first round, beside the karate club: a SNAP edge list (`#` comments, then two vertex numbers a
    /// line) instead of a generated graph.
    #[arg(long, value_name = "FILE")]
    graph: Option<PathBuf>,
}

/// Runs the demonstration; an error if anything was wrong.
pub async fn run(options: &Options) -> Result<()> {
    // Before anything is started: a bad file is told at once.
    let second = match &options.graph {
        Some(path) => (graph_name(path), edge_list::read(path)?),
        None => ("power-law".to_owned(), power_law::generate()),
    };
    let graphs = [("karate".to_owned(), karate::graph()), second];
    // The servers' own defaults; only at the end nobody waits for balancers that do not exist.
    let configuration = Configuration::defaults().time("shutdown.drain_delay", Duration::ZERO);
    let mut cluster = Cluster::unstarted(3, configuration)?;
    let interrupted = tokio::select! {
        outcome = rounds(&mut cluster, &graphs) => outcome.map(|()| None),
        signal = interruption() => signal.map(Some),
    }?;
    // Not after an error: then the servers end too, but their logs are shown and their data is kept.
    cluster.passed();
    interrupted.map_or(Ok(()), |signal| bail!("interrupted by {signal}"))
}

/// Waits until somebody wants the demonstration to end early; the signal's name.
async fn interruption() -> Result<&'static str> {
    let (mut terminate, mut hang_up) = (signal(SignalKind::terminate())?, signal(SignalKind::hangup())?);
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed.map(|()| "Ctrl-C").context("cannot listen to Ctrl-C"),
        _ = terminate.recv() => Ok("SIGTERM"),
        _ = hang_up.recv() => Ok("SIGHUP"),
    }
}

async fn rounds(cluster: &mut Cluster, graphs: &[(String, Graph); 2]) -> Result<()> {
    let narration = Narration::begin();
    form(cluster, narration).await?;
    let mut rows: Vec<Row> = Vec::new();
    for (name, graph) in graphs {
        rows.extend(degrees::run(cluster, narration, name, graph).await?);
    }
    rows.extend(crowd::run(cluster, narration).await?);
    rows.extend(few::run(cluster, narration).await?);
    end_servers(cluster, narration).await?;

    Narration::show(&table::table(&rows));
    let (lookups, wrong) =
        rows.iter().fold((0, 0), |(lookups, wrong), row| (lookups + row.tally.lookups, wrong + row.tally.wrong));
    ensure!(wrong == 0, "{wrong} of {lookups} answers are wrong");
    narration.say(&format!("all {lookups} answers are right"));
    Ok(())
}

async fn form(cluster: &mut Cluster, narration: Narration) -> Result<()> {
    Narration::title("three servers");
    for index in 0..cluster.nodes().len() {
        cluster.node_mut(index).start().await?;
        let node = cluster.node(index);
        let addresses = node.addresses();
        narration.say(&format!(
            "{} runs: clients {}, peers {}, probes {}, data {}",
            node.name(),
            addresses.client,
            addresses.peer,
            addresses.http,
            node.data().display()
        ));
    }
    cluster.form().await.context("cannot form a cluster")?;
    let leader = cluster.leader().await?;
    narration.say(&format!("silhouettectl cluster create: three voters, {} leads", cluster.node(leader).name()));
    Ok(())
}

async fn end_servers(cluster: &mut Cluster, narration: Narration) -> Result<()> {
    Narration::title("the end");
    for index in 0..cluster.nodes().len() {
        let status = cluster.node_mut(index).stop().await?;
        ensure!(status.success(), "{} ended with {status}", cluster.node(index).name());
    }
    narration.say("all servers were told to end, and did so in good order");
    Ok(())
}

/// The file's name, as far as it fits into a round's id.
fn graph_name(path: &std::path::Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    let name: String = stem.chars().filter(|&character| allowed(character)).take(64).collect();
    if name.is_empty() { "graph".to_owned() } else { name }
}
