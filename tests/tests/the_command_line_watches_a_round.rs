//! `round watch`: a picture on a terminal, lines elsewhere, and an end.

use anyhow::{Context as _, Result, ensure};
use silhouette_tests::harness::{cluster::Cluster, configuration::Configuration, waiting::PATIENCE};
use tokio::{io::AsyncReadExt as _, time::timeout};

/// After the cursor was moved up: the line is cleared. A picture is drawn over.
const OVER: &str = "A\r\u{1b}[2K";

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_shows_one_picture_until_the_round_is_ready() -> Result<()> {
    let cluster = Cluster::of(1, Configuration::short_times()).await?;
    let control = cluster.control();
    control.run(&["round", "start", "r1", "--workers", "1"]).await?.succeeded()?;

    let mut watcher = control.on_terminal(&["round", "watch", "r1"])?.spawn().context("cannot run script(1)")?;
    let mut stdout = watcher.stdout.take().context("it has a standard output")?;
    let mut seen = String::new();
    let mut read = async |until: &str| -> Result<()> {
        let mut buffer = [0; 4096];
        while !seen.contains(until) {
            let read = timeout(PATIENCE, stdout.read(&mut buffer)).await.context("nothing more is drawn")??;
            ensure!(read > 0, "it ended before it showed {until:?}: {seen}");
            seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
        Ok(())
    };
    read("Open, for").await?;
    // Its ages are drawn anew although nothing happens.
    read(OVER).await?;
    let publish = ["round", "publish", "r1", "--worker", "w0", "--from", "-"];
    control.run_with_input(&publish, "a\t1\n").await?.succeeded()?;
    read("Ready, for").await?;
    let status = timeout(PATIENCE, watcher.wait()).await.context("it goes on although the round is Ready")??;
    ensure!(status.success(), "it ended with {status}");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn elsewhere_a_change_is_a_line_and_a_failure_ends_it_too() -> Result<()> {
    let cluster = Cluster::of(1, Configuration::short_times()).await?;
    let control = cluster.control();
    control.run(&["round", "start", "r1", "--workers", "1"]).await?.succeeded()?;
    let publish = ["round", "publish", "r1", "--worker", "w0", "--from", "-"];
    control.run_with_input(&publish, "a\t1\n").await?.succeeded()?;
    control.run(&["round", "wait", "r1"]).await?.succeeded()?;
    let lines = control.run(&["round", "watch", "r1"]).await?;
    ensure!(lines.stdout.lines().count() == 2 && lines.stdout.contains("Ready"), "{lines:?}");
    ensure!(!lines.stdout.contains('\u{1b}'), "{lines:?}");

    control.run(&["round", "start", "r2", "--workers", "2", "--deadline", "1ms"]).await?.succeeded()?;
    let documents = control.run(&["-o", "json", "round", "watch", "r2"]).await?;
    let last = documents.stdout.lines().last().context("there is a document")?;
    let last: serde_json::Value = serde_json::from_str(last)?;
    assert_eq!(last["round"]["phase"], "Failed", "{documents:?}");
    cluster.passed();
    Ok(())
}
