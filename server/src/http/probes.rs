//! What probes answer, as text for people and a status for machines.

use std::fmt::Write as _;

use axum::http::StatusCode;

use crate::readiness::{Liveness, Verdict};

/// A status and a text.
pub(super) type Answer = (StatusCode, String);

/// Whether a restart would help.
pub(super) fn health(liveness: &Liveness) -> Answer {
    match liveness {
        Liveness::Alive => passes(),
        Liveness::Stalled { silence } => {
            fails(format!("the raft thread has stood still for {:.1} s\n", silence.as_secs_f64()))
        }
    }
}

/// Whether the node may be sent requests. A refusal always names each check.
pub(super) fn ready(verdict: &Verdict, verbose: bool) -> Answer {
    match (verdict.ready, verbose) {
        (true, false) => passes(),
        (true, true) => (StatusCode::OK, listing(verdict)),
        (false, _) => fails(listing(verdict)),
    }
}

/// Whether storage is open and recovered.
pub(super) fn started(started: bool) -> Answer {
    if started { passes() } else { fails("the data directory is not open yet\n".to_owned()) }
}

/// Whether a query string asks for every check: `verbose`, with or without a value.
pub(super) fn is_verbose(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|part| part == "verbose" || part.starts_with("verbose=")))
}

/// Each check on a line, as Kubernetes' own servers write it.
fn listing(verdict: &Verdict) -> String {
    let mut text = String::new();
    for check in &verdict.checks {
        let line = if check.ok {
            writeln!(text, "[+]{} ok", check.name)
        } else {
            writeln!(text, "[-]{} failed: {}", check.name, check.message)
        };
        line.expect("a string takes any text");
    }
    if let Some(note) = &verdict.note {
        writeln!(text, "{note}").expect("a string takes any text");
    }
    text.push_str(if verdict.ready { "ready\n" } else { "not ready\n" });
    text
}

fn passes() -> Answer {
    (StatusCode::OK, "ok\n".to_owned())
}

fn fails(text: String) -> Answer {
    (StatusCode::SERVICE_UNAVAILABLE, text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::readiness::{Check, CheckName};

    fn verdict(ready: bool) -> Verdict {
        let check = |name, ok, message: &str| Check { name, ok, message: message.to_owned() };
        let leader = check(CheckName::Leader, ready, if ready { "" } else { "no leader was heard for 4.0 s" });
        let note = (!ready).then(|| "checks must hold for another 2.0 s".to_owned());
        Verdict { ready, checks: vec![check(CheckName::Voter, true, ""), leader], note }
    }

    #[test]
    fn a_ready_node_says_so_and_names_its_checks_when_asked() {
        assert_eq!(ready(&verdict(true), false), (StatusCode::OK, "ok\n".to_owned()));
        assert_eq!(ready(&verdict(true), true), (StatusCode::OK, "[+]voter ok\n[+]leader ok\nready\n".to_owned()));
    }

    #[test]
    fn a_node_that_is_not_ready_says_why() {
        let text = "[+]voter ok\n[-]leader failed: no leader was heard for 4.0 s\nchecks must hold for another 2.0 \
                    s\nnot ready\n";
        assert_eq!(ready(&verdict(false), false), (StatusCode::SERVICE_UNAVAILABLE, text.to_owned()));
    }

    #[test]
    fn a_stalled_raft_thread_is_unhealthy() {
        assert_eq!(health(&Liveness::Alive).0, StatusCode::OK);
        let (status, text) = health(&Liveness::Stalled { silence: Duration::from_secs(61) });
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(text.contains("61.0 s"), "{text}");
    }

    #[test]
    fn verbose_is_a_word_of_the_query() {
        for (query, verbose) in [
            (None, false),
            (Some(""), false),
            (Some("verbose"), true),
            (Some("a=1&verbose=true"), true),
            (Some("verbosely"), false),
        ] {
            assert_eq!(is_verbose(query), verbose, "{query:?}");
        }
    }
}
