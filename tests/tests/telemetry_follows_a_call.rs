//! A call can be followed from the error that its user sees through every node that it touched.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use opentelemetry::{global, trace::TracerProvider as _};
use opentelemetry_sdk::{propagation::TraceContextPropagator, trace::SdkTracerProvider};
use serde_json::{Value, json};
use silhouette_client::RoundSpec;
use silhouette_tests::harness::{
    cluster::Cluster,
    collector::{Collector, Seen},
    configuration::Configuration,
    frames,
    node::Node,
    waiting::eventually,
    wire::{pair, spec},
};
use tonic::{Code, Request, metadata::MetadataValue};
use tonic_types::StatusExt as _;
use tracing::{Instrument as _, instrument::WithSubscriber as _};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;

const REQUEST_ID: &str = "silhouette-request-id";

fn talkative() -> Configuration {
    Configuration::short_times().set("log.level", json!("info,silhouette_server=debug"))
}

/// The lines of a node's log that belong to a request.
fn lines(node: &Node, id: &str) -> Result<Vec<Value>> {
    let log = node.log()?;
    let documents = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(documents.filter(|line| line["span"]["request_id"] == id).collect())
}

/// The lines of a node's log with this message.
fn said<'a>(lines: &'a [Value], message: &str) -> Vec<&'a Value> {
    lines.iter().filter(|line| line["message"] == message).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_names_its_request_which_is_in_the_logs_of_follower_and_leader() -> Result<()> {
    let cluster = Cluster::of(3, talkative()).await?;
    let (leader, follower) = (cluster.leader().await?, cluster.follower().await?);
    let wire = cluster.node(follower).wire()?;
    let round = wire.start("followed", spec(2)).await?.round_uid;
    wire.publish(&round, "w0", vec![pair("a", "1")]).await?;

    // A client's id.
    let id = "00c0ffee00c0ffee";
    let batch = silhouette_proto::v1::PublishBatchRequest {
        round_uid: round.clone(),
        worker: "w1".to_owned(),
        pairs: vec![pair("a", "2")],
    };
    let mut request = Request::new(batch);
    request.metadata_mut().insert(REQUEST_ID, MetadataValue::from_static(id));
    let status = wire.rounds.clone().publish_batch(request).await.err().context("it conflicts")?;
    assert_eq!(status.get_details_error_info().context("a reason")?.reason, "KEY_CONFLICT");
    assert_eq!(status.get_details_request_info().context("a request")?.request_id, id);
    assert_eq!(status.metadata().get(REQUEST_ID).context("metadata")?, id);

    let forwarded = eventually("the follower has logged it", async || {
        let lines = lines(cluster.node(follower), id)?;
        ensure!(!said(&lines, "answered").is_empty(), "it has not");
        Ok(lines)
    })
    .await?;
    assert_eq!(said(&forwarded, "answered")[0]["code"], "ALREADY_EXISTS");
    let carried_out = lines(cluster.node(leader), id)?;
    let applied = said(&carried_out, "applied what was proposed");
    ensure!(!applied.is_empty(), "the leader has logged no entry of the request: {carried_out:?}");
    assert_eq!(applied[0]["span"]["method"], "silhouette.v1.Rounds/PublishBatch");
    assert_eq!(applied[0]["span"]["round"], round.as_str());

    // The entry is found on every member by its index and term.
    let proposed = said(&carried_out, "proposed");
    let entry = proposed.last().context("an entry was proposed")?;
    for node in cluster.nodes() {
        eventually(&format!("{} has applied the entry", node.name()), async || {
            let log = node.log()?;
            let mut documents = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let is_it = |line: &Value| {
                line["message"] == "applied" && line["index"] == entry["index"] && line["term"] == entry["term"]
            };
            let applied = documents.find(is_it);
            applied.context("no line says so")
        })
        .await?;
    }

    // An id that the node does not take is replaced; so is none.
    for given in [Some("a-key-in-disguise"), None] {
        let mut request = Request::new(silhouette_proto::v1::ListRoundsRequest {});
        if let Some(given) = given {
            request.metadata_mut().insert(REQUEST_ID, MetadataValue::from_static(given));
        }
        let response = wire.rounds.clone().list_rounds(request).await?;
        let named = response.metadata().get(REQUEST_ID).context("an id")?.to_str()?;
        assert!(named.len() == 16 && named.bytes().all(|byte| byte.is_ascii_hexdigit()), "{named}");
    }
    let other = frames::call(wire.channel.clone(), "/silhouette.v1.Rounds/a-key-in-disguise", Vec::new()).await;
    assert_eq!(other.err().context("there is no such method")?.code(), Code::Unimplemented);
    for node in cluster.nodes() {
        assert!(!node.log()?.contains("a-key-in-disguise"), "{} has logged what a client chose", node.name());
    }
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_the_library_and_the_command_line_name_the_request() -> Result<()> {
    let cluster = Cluster::of(3, talkative()).await?;
    let error = cluster.client()?.get_round("nowhere").await.err().context("there is none")?;
    let id = error.request_id().context("it names a request")?.to_string();
    assert!(error.to_string().ends_with(&format!("(request {id})")), "{error}");
    let found = cluster.nodes().iter().map(|node| lines(node, &id)).collect::<Result<Vec<_>>>()?;
    ensure!(found.iter().any(|lines| !lines.is_empty()), "no node has logged request {id}");

    let outcome = cluster.control().run(&["round", "describe", "nowhere"]).await?;
    let (_, named) = outcome.stderr.split_once("(request ").with_context(|| format!("no request: {outcome:?}"))?;
    let id = &named[..16];
    let found = cluster.nodes().iter().map(|node| lines(node, id)).collect::<Result<Vec<_>>>()?;
    ensure!(found.iter().any(|lines| !lines.is_empty()), "no node has logged request {id}");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_leads_from_the_application_through_the_follower_to_the_leader() -> Result<()> {
    let collector = Collector::start().await?;
    let configuration = Configuration::short_times()
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())
        .variable("OTEL_SERVICE_NAME", "kcore")
        .variable("OTEL_BSP_SCHEDULE_DELAY", "200");
    let cluster = Cluster::of(3, configuration).await?;
    let follower = cluster.follower().await?;
    let client = cluster.client_of(follower)?;

    // What an application does to take part in traces.
    global::set_text_map_propagator(TraceContextPropagator::new());
    let provider = SdkTracerProvider::builder().build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("application"));
    let subscriber = tracing_subscriber::registry().with(layer);
    let trace = async {
        let span = tracing::info_span!("a superstep");
        let trace = opentelemetry::trace::TraceContextExt::span(&span.context()).span_context().trace_id();
        client.start_round("traced", &RoundSpec::for_workers(1)).instrument(span).await?;
        anyhow::Ok(trace)
    }
    .with_subscriber(subscriber)
    .await?;

    let spans = eventually("both nodes have sent their spans", async || {
        let mut spans = collector.spans();
        spans.retain(|seen| seen.span.trace_id == trace.to_bytes());
        ensure!(spans.len() == 2, "{} spans are there", spans.len());
        Ok(spans)
    })
    .await?;
    for seen in &spans {
        assert_eq!((seen.service.as_str(), seen.span.name.as_str()), ("kcore", "silhouette.v1.Rounds/StartRound"));
        assert_eq!(seen.span.kind, 2, "the span is a server's");
        assert_eq!(seen.attribute("rpc.system.name").as_deref(), Some("grpc"));
        assert_eq!(seen.attribute("rpc.method").as_deref(), Some("silhouette.v1.Rounds/StartRound"));
        assert_eq!(seen.attribute("rpc.status_code").as_deref(), Some("OK"));
    }
    assert_eq!(spans[0].attribute("request_id"), spans[1].attribute("request_id"));
    ensure!(spans[0].instance != spans[1].instance, "two nodes took part");
    let is_child = |child: &Seen, parent: &Seen| child.span.parent_span_id == parent.span.span_id;
    ensure!(
        is_child(&spans[0], &spans[1]) != is_child(&spans[1], &spans[0]),
        "the leader's span is no child of the follower's"
    );
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_is_told_once_and_delays_nothing() -> Result<()> {
    // Nobody listens on the discard port of a loopback address of our own.
    let away = format!("http://{}:9", silhouette_tests::harness::addresses::own_host());
    let configuration = Configuration::short_times()
        .set("log.level", json!("trace"))
        .variable("OTEL_EXPORTER_OTLP_ENDPOINT", away)
        .variable("OTEL_BSP_SCHEDULE_DELAY", "100");
    let mut cluster = Cluster::of(1, configuration).await?;
    let wire = cluster.node(0).wire()?;
    let told = |cluster: &Cluster| -> Result<usize> {
        Ok(cluster.node(0).log()?.matches("the collector takes no spans").count())
    };
    eventually("it is told that spans are dropped", async || {
        wire.list().await?;
        ensure!(told(&cluster)? > 0, "it is not");
        Ok(())
    })
    .await?;
    for _ in 0..20 {
        wire.list().await?;
        tokio::time::timeout(Duration::from_mins(1), wire.status()).await??;
    }
    assert!(cluster.node_mut(0).stop().await?.success());
    assert_eq!(told(&cluster)?, 1);
    cluster.passed();
    Ok(())
}
