//! Seeded schedules of faults under load: what was acknowledged is there, and nothing is ever answered wrongly.
//!
//! A schedule is a few waves. In each, sixteen workers publish to two rounds at once, and one fault happens at a moment
//! of the rounds' lives; then everything is compared with what was acknowledged. At most one member is down, wiped or
//! catching up at a time, restarts of all excepted. A seed repeats a schedule, though not each interleaving.

mod moment;
mod readers;
mod schedule;
mod wave;

use std::{env, time::Instant};

use anyhow::{Context as _, Result};
use silhouette_client::{Mode, RoundSpec};
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{check_answers, random_pairs},
    states::States,
};

use self::{
    readers::Readers,
    schedule::{WAVES, planned},
    wave::{Published, Wave},
};

const SEEDS: u64 = 6;
/// With `SILHOUETTE_SOAK` in the environment (`make soak`).
const SOAK_SEEDS: u64 = 50;

/// Seeds to run: one that is asked for, or the first few.
fn seeds() -> Result<Vec<u64>> {
    match env::var("SILHOUETTE_SEED") {
        Ok(seed) => Ok(vec![seed.parse().context("SILHOUETTE_SEED is not a number")?]),
        Err(_) if env::var_os("SILHOUETTE_SOAK").is_some() => Ok((1..=SOAK_SEEDS).collect()),
        Err(_) => Ok((1..=SEEDS).collect()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_and_whenever() -> Result<()> {
    for seed in seeds()? {
        let begun = Instant::now();
        eprintln!("schedule {seed}");
        run(seed).await.with_context(|| {
            format!(
                "schedule {seed} failed; repeat it: SILHOUETTE_SEED={seed} cargo test --release -p silhouette-tests \
                 nothing_acknowledged_is_lost -- --nocapture"
            )
        })?;
        eprintln!("schedule {seed} passed in {:.1} s", begun.elapsed().as_secs_f64());
    }
    Ok(())
}

async fn run(seed: u64) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut cluster = Cluster::of_three().await?;
    let client = cluster.client()?;
    let mut states = States::new(std::array::from_fn(|_| random.u8(..)));

    // A round that stays open through everything: its pairs must outlive every fault as chunks.
    let standing = client.start_round("standing", &RoundSpec::for_workers(2)).await?.uid;
    let standing_pairs = random_pairs(&mut random, 100);
    let (early, late) = standing_pairs.split_at(50);
    client.publish(standing, "early", early.to_vec()).await.context("the standing round's first worker")?;

    let mut ready: Vec<Published> = Vec::new();
    for number in 0..WAVES {
        let (fault, moment) = planned(seed, number, &mut random);
        eprintln!("  wave {number}: {fault}, {moment}");
        let readers = Readers::begin(&cluster, &ready, random.fork())?;
        let wave = Wave::begin(&client, number, &mut random).await?;
        moment.comes(&wave).await?;
        fault.happen(&mut cluster).await.with_context(|| format!("{fault}, {moment}"))?;
        states.look(&cluster).await?;
        let published = wave.finish().await?;
        let lookups = readers.end().await?;
        states.are_equal(&cluster).await?;
        for round in &published {
            round.check(&cluster).await?;
        }
        eprintln!("    {} rounds are right; {lookups} keys were looked up meanwhile", published.len());
        ready.extend(published);
    }

    client.publish(standing, "late", late.to_vec()).await.context("the standing round's last worker")?;
    client.wait(standing).await?;
    cluster.settled().await?;
    ready.push(Published { uid: standing, pairs: standing_pairs });
    for index in 0..cluster.nodes().len() {
        let alone = cluster.client_of(index)?;
        for round in &ready {
            let checked = check_answers(&alone, round.uid, &round.pairs, Mode::Download).await;
            checked.with_context(|| format!("{} alone, at the end", cluster.node(index).name()))?;
        }
    }
    states.are_equal(&cluster).await?;
    cluster.passed();
    Ok(())
}
