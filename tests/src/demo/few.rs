//! Round 3: three pairs, and a worker that publishes nothing.

use std::time::Instant;

use anyhow::Result;
use silhouette_client::{Mode, RoundSpec};

use super::{
    lookups::{Pairs, look_up},
    narration::Narration,
    table::Row,
};
use crate::harness::cluster::Cluster;

const ROUND: &str = "few";
const PAIRS: [(&str, &str); 3] = [("north", "cold"), ("south", "warm"), ("centre", "")];
const ABSENT: [&str; 3] = ["east", "west", "northeast"];
/// Lookups that are forced through private queries.
const FORCED: usize = 504;

/// Runs the round.
pub(super) async fn run(cluster: &Cluster, narration: Narration) -> Result<Vec<Row>> {
    Narration::title("round 3: three pairs, and a worker that publishes nothing");
    let client = cluster.client()?;
    let round = client.start_round(ROUND, &RoundSpec::for_workers(2)).await?.uid;
    let begun = Instant::now();
    client.publish(round, "silent", Vec::<(Vec<u8>, Vec<u8>)>::new()).await?;
    narration.say("worker silent has published nothing");
    client.publish(round, "talkative", PAIRS).await?;
    narration.say("worker talkative has published three pairs");
    let ready = client.wait(round).await?;
    let to_ready = begun.elapsed();
    narration.say(&format!(
        "Ready {:.2} s after the first publication; the encoding looks like one of {} pairs",
        to_ready.as_secs_f64(),
        ready.capacity.unwrap_or_default()
    ));

    let truth: Pairs = PAIRS.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    let keys = || PAIRS.into_iter().map(|(key, _)| key).chain(ABSENT);
    let forced = keys().cycle().take(FORCED).map(Vec::from).collect();
    let (_, forced) = look_up(&client, round, forced, Mode::Pir, &truth).await?;
    let (_, auto) = look_up(&client, round, keys().map(Vec::from).collect(), Mode::Auto, &truth).await?;
    narration.say(&format!(
        "{} private queries, {} wrong; {} keys by {}, {} wrong",
        forced.lookups,
        forced.wrong,
        auto.lookups,
        auto.methods(),
        auto.wrong
    ));
    let row = |tally| Row { round: ROUND.to_owned(), pairs: PAIRS.len() as u64, to_ready, tally };
    Ok(vec![row(forced), row(auto)])
}
