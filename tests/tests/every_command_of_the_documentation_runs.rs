//! Every command that the documentation shows runs, and prints what is shown.

use anyhow::{Result, ensure};
use futures::StreamExt as _;
use silhouette_tests::documentation::{page::Page, session};

/// Pages that run at a time. Most of a page is waiting for states.
const PAGES_AT_A_TIME: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_documentation_runs_and_prints_what_is_shown() -> Result<()> {
    let pages = Page::all()?;
    let ended = futures::stream::iter(&pages).map(session::run).buffer_unordered(PAGES_AT_A_TIME);
    let failures: Vec<_> = ended.filter_map(async |outcome| outcome.err()).collect().await;
    let failures: Vec<_> = failures.iter().map(|failure| format!("{failure:#}")).collect();
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}
