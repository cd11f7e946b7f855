//! `silhouettectl round publish`.

use clap::Args;
use serde::Serialize;

use super::view::name;
use crate::{
    exit::Exit,
    failure::Failure,
    input::{Layout, Source},
    progress::Bar,
    session::Session,
    value_type::ValueType,
};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round publish levels-1 --worker w0 --from levels.tsv
  printf 'vertex-17\\t3\\nvertex-18\\t2\\n' | silhouettectl round publish levels-1 --worker w0 --from -
  silhouettectl round publish levels-1 --worker w1 --from /dev/null
  silhouettectl round publish levels-1 --worker w2 --from levels.csv --format csv --header --value-type f64
  jq -c '{key: .vertex, value: .level}' levels.json | \
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
        let bar = Bar::of_bytes(session.terminal, "publishing");
        let publish = client.publish(round.uid, self.worker.as_str(), pairs);
        let published = publish.on_progress(|progress| bar.advance(progress)).await?;
        drop(bar);
        let object = name(&round);
        let document = PublicationDocument {
            round_id: round.id,
            round_uid: round.uid.to_string(),
            worker: self.worker.clone(),
            pairs: published.pairs,
            already: published.already,
        };
        session.show_change(object, &format!("published by {}", self.worker), !published.already, document)
    }
}
