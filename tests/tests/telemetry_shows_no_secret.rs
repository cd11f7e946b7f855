//! However much a node tells, it tells no key, no value and no query.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use silhouette_client::{Mode, RoundSpec};
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    collector::Collector,
    configuration::Configuration,
    frames,
    rounds::{Pairs, check_answers, messages, random_pairs},
    search::Needles,
    waiting::eventually,
    wire::{self, Wire, chunk, header, pair, refused},
};
use tonic::Status;

/// Bytes of a query that are searched for at a time: no two places of a query are alike.
const QUERY_WINDOW: usize = 24;

/// Something that tells of the run: a log, a page of metrics, a bundle.
struct Source {
    name: String,
    content: Vec<u8>,
}

impl Source {
    fn new(name: impl Into<String>, content: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), content: content.into() }
    }
}

/// What a run must keep to itself, and what it has told so far.
struct Run {
    secrets: Vec<Vec<u8>>,
    told: Vec<Source>,
}

impl Run {
    /// Keeps what a node answered to a caller. A refusal's details name the key to the worker who sent it, where
    /// `names_key`; its sentence never does.
    fn answered<T>(&mut self, what: &str, outcome: Result<T, Status>, names_key: bool) -> Result<()> {
        let status = outcome.err().with_context(|| format!("{what} was not refused"))?;
        self.told.push(Source::new(format!("{what}: sentence"), status.message()));
        if !names_key {
            self.told.push(Source::new(format!("{what}: details"), status.details()));
            self.told.push(Source::new(format!("{what}: status"), format!("{status:?}")));
        }
        Ok(())
    }

    /// No secret is anywhere in what was told.
    fn search(&self) -> Result<()> {
        let needles = Needles::new(self.secrets.iter().map(Vec::as_slice))?;
        for Source { name, content } in &self.told {
            if let Some(found) = needles.first_in(content) {
                anyhow::bail!("{name} tells a secret: {found}");
            }
        }
        Ok(())
    }
}

/// Keys as people choose them: text, which no escaping hides. Random enough to be nowhere by chance.
fn readable_pairs(random: &mut fastrand::Rng, count: usize) -> Pairs {
    let word = |random: &mut fastrand::Rng| std::iter::repeat_with(|| random.lowercase()).take(16).collect::<String>();
    (0..count)
        .map(|number| (format!("vertex \"{}\" {number}", word(random)), word(random)))
        .map(|(key, value)| (key.into_bytes(), value.into_bytes()))
        .collect()
}

/// Publications of every kind, taken and refused.
async fn publish(cluster: &Cluster, run: &mut Run, pairs: &Pairs) -> Result<String> {
    let client = cluster.client()?;
    let round = client.start_round("hushed", &RoundSpec::for_workers(4)).await?;
    let uid = round.uid.to_string();
    let follower = cluster.node(cluster.follower().await?).wire()?;
    let quarter = pairs.len() / 4;
    client.publish(round.uid, "by-stream", pairs[..quarter].to_vec()).await?;
    follower.publish(&uid, "by-batch", messages(&pairs[quarter..2 * quarter].to_vec())).await?;

    // Cut short, and relayed by a follower.
    let open = vec![header(&uid, "cut-short", [7; 16]), chunk(0, messages(&pairs[2 * quarter..3 * quarter].to_vec()))];
    run.answered("a stream that is cut short", follower.stream(open).await, false)?;
    let taken = pairs[0].0.clone();
    for wire in [&follower, &cluster.node(cluster.leader().await?).wire()?] {
        let conflict = vec![pair(taken.clone(), *b"another value, that is secret")];
        run.answered("a conflict", wire.publish(&uid, "intruder", conflict).await, true)?;
        let relayed = vec![header(&uid, "intruder", [9; 16]), chunk(0, vec![pair(taken.clone(), *b"a value")])];
        let commit = wire::commit(1, &[pair(taken.clone(), *b"a value")]);
        let relayed = wire.stream(relayed.into_iter().chain([commit]).collect()).await;
        run.answered("a conflict in a stream", relayed, true)?;
        let twice = vec![pair(taken.clone(), *b"1"), pair(taken.clone(), *b"2")];
        run.answered("a key twice", wire.publish(&uid, "intruder", twice).await, true)?;
        let differs = messages(&pairs[..3].to_vec());
        run.answered("another publication", wire.publish(&uid, "by-stream", differs).await, false)?;
        let long = vec![pair(taken.repeat(600), *b"1")];
        run.answered("a long key", wire.publish(&uid, "intruder", long).await, false)?;
        let value = vec![pair(*b"short", taken.repeat(60_000))];
        run.answered("a long value", wire.publish(&uid, "intruder", value).await, false)?;
        let misplaced = wire.publish("not a uid", "intruder", messages(&pairs[..1].to_vec())).await;
        run.answered("no round", misplaced, false)?;
        // A pair where a request should be.
        let garbage = [&[0x0a, 0x7f][..], &taken].concat();
        for method in ["/silhouette.v1.Rounds/PublishBatch", "/silhouette.v1.Retrieval/Query"] {
            run.answered("garbage", frames::call(wire.channel.clone(), method, garbage.clone()).await, false)?;
        }
    }
    run.secrets.push(b"another value, that is secret".to_vec());
    let rest = [header(&uid, "cut-short", [8; 16]), chunk(0, messages(&pairs[2 * quarter..3 * quarter].to_vec()))];
    let commit = wire::commit(1, &messages(&pairs[2 * quarter..3 * quarter].to_vec()));
    follower.stream(rest.into_iter().chain([commit]).collect()).await?;
    Ok(uid)
}

/// A query of random words, and one that is none.
async fn query(wire: &Wire, run: &mut Run, uid: &str, random: &mut fastrand::Rng) -> Result<()> {
    let request = v1::GetShapeRequest { round: Some(v1::get_shape_request::Round::RoundUid(uid.to_owned())) };
    let shape = wire.retrieval.clone().get_shape(request).await?.into_inner().shape.context("a shape")?;
    let asked = |query: Vec<u8>| v1::QueryRequest {
        round_uid: uid.to_owned(),
        encoding_digest: shape.encoding_digest.clone(),
        query: query.into(),
    };
    // The refusal of a query of another length names the right one.
    let refusal = refused(wire.retrieval.clone().query(asked(Vec::new())).await)?;
    let bytes = refusal.metadata["expectedBytes"].parse()?;
    let mut query: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(bytes).collect();
    // The last byte may have bits that no word needs.
    *query.last_mut().context("a query has bytes")? = 0;
    run.secrets.extend(query.chunks_exact(QUERY_WINDOW).map(<[u8]>::to_vec));
    let answer = wire.retrieval.clone().query(asked(query.clone())).await?.into_inner().answer;
    run.secrets.extend(answer.chunks_exact(QUERY_WINDOW).map(<[u8]>::to_vec));
    query.pop();
    run.answered("a short query", wire.retrieval.clone().query(asked(query)).await, false)
}

/// The same by the command line, with `--debug`: its standard error is for eyes and for scripts' logs.
async fn command(cluster: &Cluster, run: &mut Run, pairs: &Pairs) -> Result<()> {
    let control = cluster.control();
    let lines: Vec<u8> = pairs.iter().flat_map(|(key, value)| [key, &b"\t"[..], value, b"\n"].concat()).collect();
    let lines = String::from_utf8(lines)?;
    let key = String::from_utf8(pairs[0].0.clone())?;
    let publish = ["--debug", "round", "publish", "hushed", "--worker", "by-hand", "--from", "-"];
    for (name, arguments, input) in [
        ("publish", &publish[..], lines.as_str()),
        ("publish again", &publish[..], lines.as_str()),
        ("wait", &["--debug", "round", "wait", "hushed"], ""),
        ("get", &["--debug", "round", "get", "hushed", &key, "--mode", "pir"], ""),
        ("get all", &["--debug", "round", "get", "hushed", "--from", "-", "--mode", "download"], lines.as_str()),
        ("describe", &["--debug", "round", "describe", "hushed", "-o", "json"], ""),
        ("list", &["--debug", "round", "list", "-o", "yaml"], ""),
        ("status", &["--debug", "cluster", "status", "-o", "wide"], ""),
        ("report", &["--debug", "report"], ""),
        ("too late", &["--debug", "round", "publish", "hushed", "--worker", "late", "--from", "-"], lines.as_str()),
    ] {
        let outcome = control.run_with_input(arguments, input).await?;
        ensure!((outcome.code == 0) == (name != "too late"), "{name} ended with {}: {}", outcome.code, outcome.stderr);
        run.told.push(Source::new(format!("silhouettectl {name}: standard error"), outcome.stderr));
        if !name.starts_with("get") {
            run.told.push(Source::new(format!("silhouettectl {name}: standard output"), outcome.stdout));
        }
    }
    Ok(())
}

/// Everything that the nodes have told by themselves.
async fn collect(cluster: &Cluster, collector: &Collector, run: &mut Run) -> Result<()> {
    for node in cluster.nodes() {
        run.told.push(Source::new(format!("the log of {}", node.name()), node.log()?));
        for path in ["/metrics", "/readyz?verbose", "/livez", "/startupz"] {
            run.told.push(Source::new(format!("{path} of {}", node.name()), node.probe(path).await?.body));
        }
    }
    run.told.push(Source::new("traces", collector.content()));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_value_or_query_is_in_logs_metrics_traces_or_errors_at_the_most_verbose_level() -> Result<()> {
    let collector = Collector::start().await?;
    let configuration = Configuration::short_times()
        .set("log.level", json!("trace"))
        .number("raft.compact_entries", 30)
        .number("raft.keep_entries", 2)
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .variable("OTEL_BSP_SCHEDULE_DELAY", "200");
    let mut cluster = Cluster::of(3, configuration).await?;
    let mut random = fastrand::Rng::with_seed(21);
    let mut pairs = [random_pairs(&mut random, 60), readable_pairs(&mut random, 60)].concat();
    random.shuffle(&mut pairs);
    let by_hand = readable_pairs(&mut random, 40);
    let secrets = pairs.iter().chain(&by_hand).flat_map(|(key, value)| [key.clone(), value.clone()]).collect();
    let mut run = Run { secrets, told: Vec::new() };
    let quarter = pairs.len() / 4;
    pairs.truncate(4 * quarter);

    // One is away, and returns by a snapshot.
    let away = cluster.follower().await?;
    let uid = publish(&cluster, &mut run, &pairs).await?;
    cluster.node_mut(away).kill()?;
    for number in 0..40 {
        let wire = cluster.node(cluster.leader().await?).wire()?;
        wire.start(&format!("filler-{number}"), wire::spec(1)).await.ok();
        let filler = wire.list().await?.into_iter().find(|round| round.round_id == format!("filler-{number}"));
        let filler = filler.context("it was started")?.round_uid;
        wire.publish(&filler, "w0", messages(&pairs[number..=number].to_vec())).await?;
        wire.rounds.clone().delete_round(v1::DeleteRoundRequest { round_uid: filler }).await?;
    }
    cluster.node_mut(away).start().await?;
    eventually("a snapshot is installed", async || {
        let installed = cluster.node(away).metric("silhouette_raft_snapshots_installed_total").await?;
        ensure!(installed > 0.0, "none is");
        Ok(())
    })
    .await?;
    command(&cluster, &mut run, &by_hand).await?;
    cluster.settled().await?;
    let client = cluster.client()?;
    let round = client.get_round("hushed").await?.uid;
    let published: Pairs = pairs[..3 * quarter].iter().chain(&by_hand).cloned().collect();
    check_answers(&client, round, &published, Mode::Pir).await?;
    check_answers(&client, round, &published, Mode::Download).await?;
    for index in 0..3 {
        query(&cluster.node(index).wire()?, &mut run, &uid, &mut random).await?;
    }

    // Stopped in order, so that the last spans are sent.
    collect(&cluster, &collector, &mut run).await?;
    for index in 0..3 {
        cluster.node_mut(index).stop().await?;
    }
    for node in cluster.nodes() {
        run.told.push(Source::new(format!("the whole log of {}", node.name()), node.log()?));
    }
    run.told.push(Source::new("all traces", collector.content()));

    // What is searched is what it is thought to be: everything says which round it was about.
    let canary = Needles::new([uid.as_bytes()])?;
    for name in ["the whole log of node1", "the whole log of node2", "the whole log of node3", "all traces"] {
        let source = run.told.iter().find(|source| source.name == name).context("it was kept")?;
        ensure!(canary.first_in(&source.content).is_some(), "{name} does not even tell the round");
    }
    run.search()?;
    cluster.passed();
    Ok(())
}
