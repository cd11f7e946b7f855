//! `silhouettectl round describe`.

use clap::Args;
use humantime::format_duration;
use indicatif::BinaryBytes;
use serde::Serialize;
use silhouette_client::{Phase, Round, Shape, Workers};

use super::view::{RoundDocument, downloads, encoding, name, on_conflict, on_deadline, plaintext, value_length};
use crate::{
    exit::Exit,
    failure::Failure,
    output::{Fields, Table, View, age, or_none, printable},
    session::Session,
};

/// The command's arguments.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  silhouettectl round describe levels-1
  silhouettectl round describe levels-1 -o json | jq .retrieval.sigma")]
pub(crate) struct Describe {
    /// The round
    id: String,
}

/// A round and, once it can be read, what reading it takes.
#[derive(Debug, Serialize)]
struct Description {
    #[serde(flatten)]
    document: RoundDocument,
    retrieval: Option<RetrievalDocument>,
    #[serde(skip)]
    round: Round,
}

/// What all can see of a round that can be read.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RetrievalDocument {
    sigma: u32,
    shards: u32,
    rows_per_shard: u32,
    band_width: u32,
    query_bytes: u64,
    answer_bytes: u64,
    hint_bytes: u64,
    encoding_bytes: u64,
    hint_digest: String,
}

impl From<Shape> for RetrievalDocument {
    fn from(shape: Shape) -> Self {
        Self {
            sigma: shape.sigma(),
            shards: shape.shards(),
            rows_per_shard: shape.rows_per_shard(),
            band_width: shape.band_width(),
            query_bytes: shape.query_bytes(),
            answer_bytes: shape.answer_bytes(),
            hint_bytes: shape.hint_bytes(),
            encoding_bytes: shape.encoding_bytes(),
            hint_digest: shape.hint_digest().to_string(),
        }
    }
}

impl RetrievalDocument {
    fn add_to(&self, fields: &mut Fields) {
        fields.head("Retrieval");
        fields.add_below("Sigma", &self.sigma);
        fields.add_below("Matrix", &format!("{} shards of {} rows", self.shards, self.rows_per_shard));
        fields.add_below("Band", &format!("{} rows", self.band_width));
        fields.add_below("Query", &BinaryBytes(self.query_bytes));
        fields.add_below("Answer", &BinaryBytes(self.answer_bytes));
        fields.add_below("Hint", &format!("{}, once", BinaryBytes(self.hint_bytes)));
        fields.add_below("Download", &BinaryBytes(self.encoding_bytes));
    }
}

impl Description {
    fn add_spec(&self, fields: &mut Fields) {
        let spec = &self.round.spec;
        let expected = match &spec.workers {
            Workers::Count(count) => format!("any {count}"),
            Workers::Named(names) => printable(&names.join(",")),
        };
        let deadline =
            spec.deadline.map(|after| format!("{} ({})", format_duration(after), on_deadline(spec.on_deadline)));
        fields.head("Spec");
        fields.add_below("Workers", &expected);
        fields.add_below("Max pairs", &or_none(spec.max_pairs));
        fields.add_below("Values", &value_length(spec.value_length));
        fields.add_below("On conflict", &on_conflict(spec.on_conflict));
        fields.add_below("Deadline", &or_none(deadline));
        fields.add_below("Retention", &or_none(spec.retention.map(format_duration)));
        fields.add_below("Expected lookups", &spec.expected_lookups);
        fields.add_below("Downloads", &downloads(spec.downloads));
    }

    fn add_progress(&self, fields: &mut Fields) {
        let round = &self.round;
        if !round.workers.is_empty() {
            fields.head("Workers");
            let mut table = Table::new(["NAME", "PUBLISHED"], None, "CHUNKS");
            for worker in &round.workers {
                let published = if worker.published { "yes" } else { "no" };
                table.row([printable(&worker.worker), published.to_owned()], None, worker.staged_chunks.to_string());
            }
            fields.indent(&table.render());
        }
        if !round.members.is_empty() {
            fields.head("Members");
            let mut table = Table::new(["ID", "ENCODING"], None, "PLAINTEXT");
            for member in &round.members {
                let id = member.member.to_string();
                table.row([id.as_str(), encoding(member.encoding)], None, plaintext(member.plaintext));
            }
            fields.indent(&table.render());
        }
    }
}

impl View for Description {
    fn table(&self, _wide: bool) -> String {
        let round = &self.round;
        let mut fields = Fields::default();
        fields.add("Name", &round.id);
        fields.add("Uid", &round.uid);
        fields.add("Phase", &round.phase);
        if let Some(failure) = &round.failure {
            fields.add("Failure", &printable(failure));
        }
        fields.add("Age", &age(round.age()));
        fields.add("Workers", &format!("{}/{}", round.workers_published, round.workers_expected));
        fields.add("Capacity", &or_none(round.capacity));
        fields.add("Encoding", &or_none(round.encoding_digest));
        fields.add("Reseals", &round.reseal);
        self.add_spec(&mut fields);
        if let Some(retrieval) = &self.retrieval {
            retrieval.add_to(&mut fields);
        }
        self.add_progress(&mut fields);
        fields.into_text()
    }

    fn names(&self) -> Option<Vec<String>> {
        Some(vec![name(&self.round)])
    }
}

impl Describe {
    /// Shows the round.
    pub(crate) async fn run(self, session: &Session) -> Result<Exit, Failure> {
        let client = session.client()?;
        let round = client.get_round(self.id.as_str()).await?;
        let retrieval = match round.phase {
            Phase::Ready => Some(client.shape(round.uid).await?.into()),
            _ => None,
        };
        session.show(&Description { document: RoundDocument::from(&round), retrieval, round })?;
        Ok(Exit::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_retrieval_shows_what_hides_a_query_and_what_it_costs() {
        let retrieval = RetrievalDocument {
            sigma: 32,
            shards: 8,
            rows_per_shard: 1_200,
            band_width: 128,
            query_bytes: 4_096,
            answer_bytes: 1_536,
            hint_bytes: 2 << 20,
            encoding_bytes: 700,
            hint_digest: String::new(),
        };
        let mut fields = Fields::default();
        retrieval.add_to(&mut fields);
        let expected = "\
Retrieval:
  Sigma:            32
  Matrix:           8 shards of 1200 rows
  Band:             128 rows
  Query:            4.00 KiB
  Answer:           1.50 KiB
  Hint:             2.00 MiB, once
  Download:         700 B
";
        assert_eq!(fields.into_text(), expected);
    }
}
