//! `silhouettectl round start`.

use std::{str::FromStr, time::Duration};

use clap::Args;
use serde::Serialize;
use silhouette_client::{Round, RoundSpec, Workers};

use super::view::{RoundDocument, SpecDocument, name};
use crate::{dry_run::DryRun, exit::Exit, failure::Failure, session::Session};

/// The command's arguments. What they say is public.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round start levels-1 --workers 8
  silhouettectl round start levels-2 --workers alice,bob --fixed-value-bytes 8 --expected-lookups 40
  silhouettectl round start levels-3 --workers 8 --deadline 10m --on-deadline seal
  silhouettectl round start levels-4 --workers 8 --dry-run")]
pub(crate) struct Start {
    /// Letters, digits, `-`, `_`, `.` and `/`; at most 128
    id: String,
    /// Who must have published before the round seals by itself: how many, or exactly who
    #[arg(long, value_name = "N|NAME,NAME..")]
    workers: ExpectedWorkers,
    /// The most pairs; the encoding's size then shows nothing else [default: the cluster's limit]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    max_pairs: Option<u64>,
    /// How long a value may be [default: 64]
    #[arg(long, value_name = "BYTES", conflicts_with = "fixed_value_bytes")]
    max_value_bytes: Option<u32>,
    /// How long every value is
    #[arg(long, value_name = "BYTES")]
    fixed_value_bytes: Option<u32>,
    /// What happens when two workers publish the same key
    #[arg(long, value_name = "RULE", value_enum, default_value_t = OnConflict::Reject)]
    on_conflict: OnConflict,
    /// Cluster time until the round is closed, whoever has published, such as 10m [default: none]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    deadline: Option<Duration>,
    /// What happens at the deadline
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = OnDeadline::Fail, requires = "deadline")]
    on_deadline: OnDeadline,
    /// Cluster time that a Ready round is kept, such as 7d [default: the cluster's, 24h]
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    retention: Option<Duration>,
    /// How many keys a client looks up, about; lookups are padded to its next multiple [default: 6]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    expected_lookups: Option<u32>,
    /// Whether the masked encoding may be downloaded whole
    #[arg(long, value_name = "WHETHER", value_enum, default_value_t = Downloads::Allowed)]
    downloads: Downloads,
    #[command(flatten)]
    dry: DryRun,
}

/// A round that would be started, in a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanDocument {
    round_id: String,
    spec: SpecDocument,
}

/// Who is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ExpectedWorkers(Workers);

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OnConflict {
    /// The later publication is refused whole
    Reject,
    /// The key has the value of whoever committed first
    First,
    /// The key has the value of whoever committed last
    Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum OnDeadline {
    /// The round fails
    Fail,
    /// The round is sealed with the publications that are there
    Seal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Downloads {
    /// Clients download where it costs fewer bytes than queries
    Allowed,
    /// Values are read by private queries only
    Forbidden,
}

impl FromStr for ExpectedWorkers {
    type Err = String;

    /// Digits alone are a count; a worker of such a name can be given beside others, or with a comma after it.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(count) = text.parse::<u32>() {
            return if count == 0 { Err("a round needs a worker".to_owned()) } else { Ok(Self(Workers::Count(count))) };
        }
        let names: Vec<_> = text.strip_suffix(',').unwrap_or(text).split(',').map(str::to_owned).collect();
        if names.iter().any(String::is_empty) {
            return Err("a worker's name is empty".to_owned());
        }
        Ok(Self(Workers::Named(names)))
    }
}

impl Start {
    /// Starts the round, or finds it started with the same spec.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let client = session.client()?;
        let known = match client.get_round(self.id.as_str()).await {
            Ok(round) => Some(round),
            Err(error) if error.reason() == "ROUND_NOT_FOUND" => None,
            Err(error) => return Err(error.into()),
        };
        if self.dry.dry_run {
            return self.show_dry_run(session, known.as_ref());
        }
        let round = client.start_round(self.id.clone(), &self.spec()).await?;
        session.show_change(name(&round), "started", known.is_none(), RoundDocument::from(&round))
    }

    /// Shows what would be started, unless the id is taken. Whether there is room for it, the cluster alone can tell.
    fn show_dry_run(&self, session: &Session, known: Option<&Round>) -> Result<Exit, Failure> {
        let spec = self.spec();
        let Some(round) = known else {
            let document = PlanDocument { round_id: self.id.clone(), spec: SpecDocument::from(&spec) };
            return session.show_dry_run(format!("round/{}", self.id), "started", true, document);
        };
        // What is not given takes the cluster's default, which the round shows.
        let mut asked = spec;
        asked.retention = asked.retention.or(round.spec.retention);
        if asked != round.spec {
            let why = format!("round {} was started with another spec; see silhouettectl round describe", round.id);
            return Err(Failure::WouldBeRefused(why));
        }
        session.show_dry_run(name(round), "started", false, RoundDocument::from(round))
    }

    fn spec(&self) -> RoundSpec {
        let mut spec = RoundSpec::new(self.workers.0.clone());
        spec.on_conflict = match self.on_conflict {
            OnConflict::Reject => silhouette_client::OnConflict::Reject,
            OnConflict::First => silhouette_client::OnConflict::First,
            OnConflict::Last => silhouette_client::OnConflict::Last,
        };
        spec.on_deadline = match self.on_deadline {
            OnDeadline::Fail => silhouette_client::OnDeadline::Fail,
            OnDeadline::Seal => silhouette_client::OnDeadline::Seal,
        };
        spec.downloads = match self.downloads {
            Downloads::Allowed => silhouette_client::Downloads::Allowed,
            Downloads::Forbidden => silhouette_client::Downloads::Forbidden,
        };
        spec.max_pairs = self.max_pairs;
        spec.deadline = self.deadline;
        spec.retention = self.retention;
        if let Some(bytes) = self.max_value_bytes {
            spec = spec.values_up_to(bytes);
        }
        if let Some(bytes) = self.fixed_value_bytes {
            spec = spec.values_of(bytes);
        }
        if let Some(keys) = self.expected_lookups {
            spec = spec.expected_lookups(keys);
        }
        spec
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use silhouette_client::ValueLength;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        start: Start,
    }

    fn spec(line: &str) -> RoundSpec {
        Line::try_parse_from(["start", "r1"].into_iter().chain(line.split(' '))).expect("parses").start.spec()
    }

    #[test]
    fn workers_are_a_count_or_names() {
        let workers = |text: &str| text.parse::<ExpectedWorkers>().map(|workers| workers.0);
        let named = |names: &[&str]| Workers::Named(names.iter().map(ToString::to_string).collect());
        assert_eq!(workers("8"), Ok(Workers::Count(8)));
        assert_eq!(workers("w0"), Ok(named(&["w0"])));
        assert_eq!(workers("alice,bob"), Ok(named(&["alice", "bob"])));
        assert_eq!(workers("8,"), Ok(named(&["8"])));
        for wrong in ["0", "", ",", "a,,b"] {
            assert!(workers(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn flags_make_a_spec() {
        assert_eq!(spec("--workers 8"), RoundSpec::for_workers(8));
        let full = "--workers a,b --max-pairs 100 --fixed-value-bytes 8 --on-conflict reject --deadline 10m \
                    --on-deadline seal --retention 7d --expected-lookups 40 --downloads forbidden";
        let expected = RoundSpec::for_named_workers(["a", "b"])
            .max_pairs(100)
            .values_of(8)
            .deadline(Duration::from_mins(10))
            .seal_at_deadline()
            .retention(Duration::from_hours(7 * 24))
            .expected_lookups(40)
            .forbid_downloads();
        assert_eq!(spec(full), expected);
        assert_eq!(spec("--workers 1 --max-value-bytes 0").value_length, ValueLength::UpTo(0));
        let rule = |rule: &str| spec(&format!("--workers 1 --on-conflict {rule}")).on_conflict;
        assert_eq!(rule("first"), silhouette_client::OnConflict::First);
        assert_eq!(rule("last"), silhouette_client::OnConflict::Last);
    }
}
