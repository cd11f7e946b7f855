//! Queries and downloads that are not for the round, or not as its shape says.

use anyhow::{Context as _, Result};
use silhouette_client::Mode;
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{check_answers, messages, random_pairs},
    wire::{self, Wire, pair, refused},
};
use tonic::{Code, Status};

use super::{Essence, is, unchanged};

/// One call of each kind about a round's encoding.
async fn all_calls(wire: &Wire, uid: &str, digest: &[u8]) -> [Result<(), Status>; 3] {
    let (round_uid, encoding_digest) = (uid.to_owned(), bytes::Bytes::copy_from_slice(digest));
    let query = v1::QueryRequest {
        round_uid: round_uid.clone(),
        encoding_digest: encoding_digest.clone(),
        query: vec![0; 64].into(),
    };
    let hint = v1::GetHintRequest { round_uid: round_uid.clone(), encoding_digest: encoding_digest.clone(), offset: 0 };
    let download = v1::DownloadEncodingRequest { round_uid, encoding_digest, offset: 0 };
    [
        wire.retrieval.clone().query(query).await.map(|_| ()),
        first(wire.retrieval.clone().get_hint(hint).await).await,
        first(wire.retrieval.clone().download_encoding(download).await).await,
    ]
}

/// A stream may be refused when it is opened or when it is first read.
async fn first<T>(stream: Result<tonic::Response<tonic::Streaming<T>>, Status>) -> Result<(), Status> {
    stream?.into_inner().message().await.map(|_| ())
}

async fn shape(wire: &Wire, uid: &str) -> Result<v1::Shape, Status> {
    let request = v1::GetShapeRequest { round: Some(v1::get_shape_request::Round::RoundUid(uid.to_owned())) };
    let response = wire.retrieval.clone().get_shape(request).await?.into_inner();
    response.shape.ok_or_else(|| Status::internal("the answer holds no shape"))
}

#[tokio::test(flavor = "multi_thread")]
async fn rounds_that_are_not_ready_answer_nothing() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let open = wire.start("open", wire::spec(2)).await?.round_uid;
    wire.publish(&open, "w0", vec![pair("a", "1")]).await?;
    let failing = v1::RoundSpec { deadline_ms: 1, ..wire::spec(1) };
    let failed = wire.start("failed", failing).await?.round_uid;
    wire.reaches(&failed, v1::Phase::Failed).await?;
    let before = Essence::seen_by(&cluster, 0).await?;

    for index in 0..3 {
        let wire = cluster.node(index).wire()?;
        let calls = all_calls(&wire, &open, &[7; 32]).await.into_iter().chain([shape(&wire, &open).await.map(|_| ())]);
        for answer in calls {
            let refusal = refused(answer)?;
            is(&refusal, "ROUND_NOT_READY", Code::FailedPrecondition, &["phase", "roundId"]);
            assert_eq!(refusal.metadata["roundId"], "open");
        }
        let calls =
            all_calls(&wire, &failed, &[7; 32]).await.into_iter().chain([shape(&wire, &failed).await.map(|_| ())]);
        for answer in calls {
            is(&refused(answer)?, "ROUND_FAILED", Code::FailedPrecondition, &["roundId", "why"]);
        }
        let nowhere = "00112233445566778899aabbccddeeff";
        let calls =
            all_calls(&wire, nowhere, &[7; 32]).await.into_iter().chain([shape(&wire, nowhere).await.map(|_| ())]);
        for answer in calls {
            is(&refused(answer)?, "ROUND_NOT_FOUND", Code::NotFound, &["roundUid"]);
        }
        let late = wire.publish(&failed, "w0", vec![pair("late", "1")]).await;
        is(&refused(late)?, "ROUND_CLOSED", Code::FailedPrecondition, &["phase", "roundId"]);
    }
    unchanged(&mut cluster, &before).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_that_do_not_fit_the_encoding_are_refused() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(5), 30);
    let private = v1::RoundSpec { downloads: v1::Downloads::Forbidden.into(), ..wire::spec(1) };
    let (uid, private) =
        (wire.start("ready", wire::spec(1)).await?.round_uid, wire.start("private", private).await?.round_uid);
    for uid in [&uid, &private] {
        wire.publish(uid, "w0", messages(&pairs)).await?;
        wire.reaches(uid, v1::Phase::Ready).await?;
    }
    cluster.settled().await?;
    let before = Essence::seen_by(&cluster, 0).await?;

    for index in 0..3 {
        let wire = cluster.node(index).wire()?;
        let shape_of = shape(&wire, &uid).await?;
        let expected = (u64::from(shape_of.rows_per_shard) * u64::from(shape_of.query_bits)).div_ceil(8);
        let query = |bytes: u64, filling: u8| v1::QueryRequest {
            round_uid: uid.clone(),
            encoding_digest: shape_of.encoding_digest.clone(),
            query: vec![filling; bytes as usize].into(),
        };
        for bytes in [0, 1, expected - 1, expected + 1, 2 * expected] {
            let refusal = refused(wire.retrieval.clone().query(query(bytes, 0)).await)?;
            is(&refusal, "QUERY_MALFORMED", Code::InvalidArgument, &["expectedBytes", "foundBytes", "roundId"]);
            assert_eq!(refusal.metadata["expectedBytes"], expected.to_string());
            assert_eq!(refusal.metadata["foundBytes"], bytes.to_string());
        }
        // Any words are a query; bits after the last word are not.
        let any = wire.retrieval.clone().query(query(expected, 0)).await.context("a query of zeros")?;
        assert_eq!(any.into_inner().encoding_digest, shape_of.encoding_digest);

        for answer in all_calls(&wire, &uid, &[7; 32]).await {
            is(&refused(answer)?, "ENCODING_MISMATCH", Code::FailedPrecondition, &["roundId"]);
        }
        for answer in all_calls(&wire, &uid, &[7; 31]).await {
            let refusal = refused(answer)?;
            is(&refusal, "INVALID_REQUEST", Code::InvalidArgument, &["fields"]);
            assert_eq!(refusal.metadata["fields"], "encoding_digest");
        }
        let beyond = v1::GetHintRequest {
            round_uid: uid.clone(),
            encoding_digest: shape_of.encoding_digest.clone(),
            offset: shape_of.hint_bytes + 1,
        };
        let answer = first(wire.retrieval.clone().get_hint(beyond).await).await;
        is(&refused(answer)?, "OFFSET_OUT_OF_RANGE", Code::OutOfRange, &["offset", "totalBytes"]);

        let digest = shape(&wire, &private).await?.encoding_digest;
        let [_, hint, download] = all_calls(&wire, &private, &digest).await;
        hint.context("a hint is no download")?;
        is(&refused(download)?, "DOWNLOADS_FORBIDDEN", Code::FailedPrecondition, &["roundId"]);
    }
    unchanged(&mut cluster, &before).await?;
    for uid in [&uid, &private] {
        check_answers(&cluster.client()?, uid.parse()?, &pairs, Mode::Pir).await?;
    }
    cluster.passed();
    Ok(())
}
