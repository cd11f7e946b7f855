//! Looking up, and comparing with what was published.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Context as _, Result};
use silhouette_client::{Client, Method, Mode, RoundUid};

/// What was published: the truth that answers are compared with.
pub(super) type Pairs = HashMap<Vec<u8>, Vec<u8>>;

/// What a set of lookups came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// The mode that was asked for.
    pub(super) mode: &'static str,
    /// Ways in which clients then read.
    methods: BTreeSet<&'static str>,
    /// Keys that were looked up.
    pub(super) lookups: u64,
    /// Of those, keys that nobody published.
    pub(super) absent: u64,
    /// Bytes that moved, in both directions, hints included.
    pub(super) bytes: u64,
    /// Answers that differ from what was published.
    pub(super) wrong: u64,
}

impl Tally {
    /// Adds what another client's lookups came to.
    pub(super) fn add(&mut self, other: &Self) {
        self.mode = other.mode;
        self.methods.extend(&other.methods);
        self.lookups += other.lookups;
        self.absent += other.absent;
        self.bytes += other.bytes;
        self.wrong += other.wrong;
    }

    /// Ways in which clients read.
    pub(super) fn methods(&self) -> String {
        self.methods.iter().copied().collect::<Vec<_>>().join(", ")
    }
}

/// The sum of several clients' tallies.
pub(super) fn sum<'a>(tallies: impl IntoIterator<Item = &'a Tally>) -> Tally {
    tallies.into_iter().fold(Tally::default(), |mut sum, tally| {
        sum.add(tally);
        sum
    })
}

/// Looks up `keys` and compares each answer with `truth`; the values as they came, and the tally.
pub(super) async fn look_up(
    client: &Client,
    round: RoundUid,
    keys: Vec<Vec<u8>>,
    mode: Mode,
    truth: &Pairs,
) -> Result<(Vec<Option<Vec<u8>>>, Tally)> {
    let answers = client.get_many(round, keys.clone()).mode(mode).await.context("a lookup failed")?;
    let traffic = answers.traffic();
    let method = match answers.method() {
        Method::Queries => "queries",
        Method::Download => "download",
        _ => "another",
    };
    let values = answers.into_values();
    // One answer a key: a missing one would be no wrong one.
    anyhow::ensure!(values.len() == keys.len(), "{} answers came for {} keys", values.len(), keys.len());
    let wrong = keys.iter().zip(&values).filter(|(key, value)| truth.get(*key) != value.as_ref()).count();
    let tally = Tally {
        mode: if mode == Mode::Pir { "pir" } else { "auto" },
        methods: BTreeSet::from([method]),
        lookups: keys.len() as u64,
        absent: keys.iter().filter(|key| !truth.contains_key(*key)).count() as u64,
        bytes: traffic.bytes_sent + traffic.bytes_received,
        wrong: wrong as u64,
    };
    Ok((values, tally))
}
