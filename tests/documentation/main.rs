//! Every command that the documentation shows runs, and prints what is shown.

use anyhow::{Result, ensure};
use futures::StreamExt as _;
use silhouette_tests::documentation::{page::Page, session};

/// Pages that run at a time. Most of a page is waiting for states.
const PAGES_AT_A_TIME: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_documentation_runs_and_prints_what_is_shown() -> Result<()> {
    let pages = Page::all()?;
    let ended = futures::stream::iter(&pages).map(session::run).buffer_unordered(PAGES_AT_A_TIME);
    let failures: Vec<_> = ended.filter_map(async |outcome| outcome.err()).collect().await;
    let failures: Vec<_> = failures.iter().map(|failure| format!("{failure:#}")).collect();
    ensure!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}

/// What is said of a page with these lines as its one session.
async fn outcome(session: &str) -> String {
    let page = Page {
        path: "page.md".into(),
        name: "page.md".to_owned(),
        text: format!("# A page\n```console\n{session}\n```\n"),
    };
    match session::run(&page).await {
        Ok(()) => "nothing".to_owned(),
        Err(error) => format!("{error:#}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_wrong_is_told_by_its_line() -> Result<()> {
    let cases = [
        ("$ echo one\none\n$ echo two\n...", "nothing"),
        ("$ echo one\n$ echo two\nthree", "page.md, line 4: echo two"),
        ("$ echo one\n$ false\n$ echo two", "page.md, line 4: false"),
        ("$ no-such-program || echo \"exit code $?\"\n...\nexit code 127", "nothing"),
        ("$ no-such-program", "page.md, line 3: no-such-program"),
        ("$ exit 0\n$ echo two", "page.md, line 3: exit 0"),
        // Variables, functions, folders and jobs are those of one shell.
        ("$ say() { echo \"$word\"; }\n$ word=hello; mkdir a; cd a\n$ say; basename $(pwd)\nhello\na", "nothing"),
        ("$ sleep 600 &\n$ kill -0 $!", "nothing"),
        // A page's network and /tmp are its own.
        ("$ ip route | wc -l\n0\n$ pwd\n/tmp/home", "nothing"),
    ];
    for (session, said) in cases {
        let outcome = outcome(session).await;
        ensure!(outcome.contains(said), "{session}\nended with: {outcome}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_page_leaves_running_ends_with_it() -> Result<()> {
    let (before, mark) = (running()?, format!("600.{}", std::process::id()));
    ensure!(!before.contains(&mark), "another test uses the mark");
    ensure!(outcome(&format!("$ sleep {mark} &")).await == "nothing", "the page is right");
    ensure!(!running()?.contains(&mark), "the page's job still runs");
    Ok(())
}

/// Command lines of all processes.
fn running() -> Result<String> {
    let mut all = Vec::new();
    for process in std::fs::read_dir("/proc")? {
        // Whatever ended meanwhile has none.
        all.extend(std::fs::read(process?.path().join("cmdline")).unwrap_or_default());
        all.push(b'\n');
    }
    Ok(String::from_utf8_lossy(&all).into_owned())
}
