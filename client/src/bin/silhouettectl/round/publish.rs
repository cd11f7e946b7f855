//! `silhouettectl round publish`.

use clap::Args;
use serde::Serialize;
use silhouette_client::{Phase, Round, ValueLength, Workers};

use super::view::{name, value_length};
use crate::{
    dry_run::DryRun,
    exit::Exit,
    failure::Failure,
    input::{Layout, Pair, Source},
    progress::Bar,
    session::Session,
    value_type::ValueType,
};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round publish levels-1 --worker w0 --from levels.tsv
  silhouettectl round publish levels-1 --worker w0 --from levels.tsv --dry-run
  printf 'vertex-17\\t3\\nvertex-18\\t2\\n' | silhouettectl round publish levels-1 --worker w0 --from -
  silhouettectl round publish levels-1 --worker w1 --from /dev/null
  silhouettectl round publish levels-1 --worker w2 --from levels.csv --format csv --header \\
    --value-type f64
  jq -c '{key: .vertex, value: .level}' levels.json | \\
    silhouettectl round publish levels-1 --worker w3 --from - --format jsonl --value-type f64")]
pub(crate) struct Publish {
    /// The round
    id: String,
    /// Who publishes; once a round. The same content again changes nothing
    #[arg(long, value_name = "NAME")]
    worker: String,
    /// The keys and values; `-` is standard input
    #[arg(long, value_name = "FILE")]
    from: Source,
    #[command(flatten)]
    layout: Layout,
    /// What values are: which bytes a text stands for
    #[arg(long, value_name = "TYPE", value_enum, default_value_t = ValueType::Text)]
    value_type: ValueType,
    #[command(flatten)]
    dry: DryRun,
}

/// A publication, in a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PublicationDocument {
    round_id: String,
    round_uid: String,
    worker: String,
    pairs: u64,
    already: bool,
}

impl Publish {
    /// Publishes; what was sent before an election is not sent again.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        if let Some(contradiction) = self.layout.contradiction() {
            return Err(Failure::Usage(contradiction.to_owned()));
        }
        let pairs = self.from.pairs(self.layout, self.value_type).await?;
        let client = session.client()?;
        let round = client.get_round(self.id.as_str()).await?;
        if self.dry.dry_run {
            return self.show_dry_run(session, &round, &pairs);
        }
        let bar = Bar::of_bytes(session.terminal, "publishing");
        let publish = client.publish(round.uid, self.worker.as_str(), pairs);
        let published = publish.on_progress(|progress| bar.advance(progress)).await?;
        drop(bar);
        let document = self.document(&round, published.pairs, published.already);
        session.show_change(name(&round), &self.happened(), !published.already, document)
    }

    /// Shows what would be published, unless the round is sure to refuse it.
    fn show_dry_run(&self, session: &Session, round: &Round, pairs: &[Pair]) -> Result<Exit, Failure> {
        let done = round.workers.iter().any(|worker| worker.published && worker.worker == self.worker);
        if let Some(why) = self.obstacle(round, pairs).filter(|_| !done) {
            return Err(Failure::WouldBeRefused(why));
        }
        let document = self.document(round, pairs.len() as u64, done);
        session.show_dry_run(name(round), &self.happened(), !done, document)
    }

    /// Why the round would refuse these pairs of this worker, as far as can be told from here.
    fn obstacle(&self, round: &Round, pairs: &[Pair]) -> Option<String> {
        if round.phase != Phase::Open {
            return Some(format!("round {} is {} and takes no publications", round.id, round.phase));
        }
        if let Workers::Named(names) = &round.spec.workers
            && !names.contains(&self.worker)
        {
            return Some(format!("round {} does not wait for this worker", round.id));
        }
        let fits = |value: &[u8]| match round.spec.value_length {
            ValueLength::UpTo(most) => value.len() <= most as usize,
            ValueLength::Exactly(length) => value.len() == length as usize,
        };
        if let Some(place) = pairs.iter().position(|(_, value)| !fits(value)) {
            let length = value_length(round.spec.value_length);
            let found = pairs[place].1.len();
            return Some(format!("the value of pair {} has {found}B, and the round takes {length}", place + 1));
        }
        let most = round.spec.max_pairs.filter(|most| pairs.len() as u64 > *most)?;
        Some(format!("there are {} pairs, and the round takes {most}", pairs.len()))
    }

    fn happened(&self) -> String {
        format!("published by {}", self.worker)
    }

    fn document(&self, round: &Round, pairs: u64, already: bool) -> PublicationDocument {
        PublicationDocument {
            round_id: round.id.clone(),
            round_uid: round.uid.to_string(),
            worker: self.worker.clone(),
            pairs,
            already,
        }
    }
}
