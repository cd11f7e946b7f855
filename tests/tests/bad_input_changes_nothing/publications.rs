//! Pairs, publications and rounds that are not as they must be.

use anyhow::{Context as _, Result};
use silhouette_client::Mode;
use silhouette_proto::v1;
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{Pairs, check_answers, messages},
    wire::{self, Wire, chunk, commit, header, pair, refused},
};
use tonic::Code;

use super::{Essence, is, unchanged};

/// Longest key, and longest value of a round that says nothing of values.
const LONGEST_KEY: usize = 1_024;
const LONGEST_VALUE: usize = 64;

/// Metadata of what is wrong with one pair.
const OF_A_PAIR: [&str; 4] = ["bytes", "limit", "pair", "sequence"];

const NOWHERE: &str = "00112233445566778899aabbccddeeff";

/// A pair that is as it must be, then this one.
fn after_a_good_one(key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Vec<v1::Pair> {
    vec![pair("good", "1"), pair(key, value)]
}

/// Publishes in a stream of one chunk.
async fn by_stream(wire: &Wire, uid: &str, worker: &str, pairs: &[v1::Pair], upload: u8) -> Result<(), tonic::Status> {
    let parts = vec![header(uid, worker, [upload; 16]), chunk(0, pairs.to_vec()), commit(1, pairs)];
    wire.stream(parts).await.map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_outside_the_limits_are_refused_one_by_one() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let uid = wire.start("variable", wire::spec(2)).await?.round_uid;
    let fixed = v1::RoundSpec {
        value_length: Some(v1::round_spec::ValueLength::FixedValueBytes(8)),
        max_pairs: Some(2),
        ..wire::spec(2)
    };
    let fixed = wire.start("fixed", fixed).await?.round_uid;
    let before = Essence::seen_by(&cluster, 0).await?;

    let bad = [
        (&uid, after_a_good_one("", "1"), "KEY_EMPTY"),
        (&uid, after_a_good_one(vec![b'k'; LONGEST_KEY + 1], "1"), "KEY_TOO_LONG"),
        (&uid, after_a_good_one("key", vec![b'v'; LONGEST_VALUE + 1]), "VALUE_TOO_LONG"),
        (&fixed, vec![pair("key", "seven..")], "VALUE_LENGTH"),
        (&fixed, vec![pair("key", "nine.....")], "VALUE_LENGTH"),
    ];
    for index in 0..3 {
        let wire = cluster.node(index).wire()?;
        for (upload, (uid, pairs, reason)) in (1..).zip(&bad) {
            let answers = [
                wire.publish(uid, "w0", pairs.clone()).await.map(|_| ()),
                by_stream(&wire, uid, "w0", pairs, upload).await,
            ];
            for answer in answers {
                let refusal = refused(answer).with_context(|| format!("{reason} was expected"))?;
                is(&refusal, reason, Code::InvalidArgument, &OF_A_PAIR);
                let last = (pairs.len() - 1).to_string();
                assert_eq!((refusal.metadata["sequence"].as_str(), &refusal.metadata["pair"]), ("0", &last));
            }
        }
        let three: Vec<_> = ["a", "b", "c"].into_iter().map(|key| pair(key, "8 bytes.")).collect();
        for answer in [
            wire.publish(&fixed, "w0", three.clone()).await.map(|_| ()),
            by_stream(&wire, &fixed, "w0", &three, 9).await,
        ] {
            is(&refused(answer)?, "TOO_MANY_PAIRS", Code::ResourceExhausted, &["limit", "roundId"]);
        }
    }
    unchanged(&mut cluster, &before).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_values_may_be_any_bytes_of_any_allowed_length() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let wire = cluster.node(1).wire()?;
    let uid = wire.start("bytes", wire::spec(1)).await?.round_uid;
    let pairs: Pairs = vec![
        (vec![0], vec![0]),
        (vec![0, 0], vec![]),
        (b"nul\0inside".to_vec(), b"\0".to_vec()),
        (vec![0xff, 0xfe, 0x80], vec![0xc3, 0x28]),
        ("\u{1f578}".into(), "\u{2603}".into()),
        (vec![b'k'; LONGEST_KEY], vec![0xff; LONGEST_VALUE]),
    ];
    wire.publish(&uid, "w\u{f6}rker \u{1f41d}", messages(&pairs)).await?;
    wire.reaches(&uid, v1::Phase::Ready).await?;
    for mode in [Mode::Pir, Mode::Download] {
        check_answers(&cluster.client()?, uid.parse()?, &pairs, mode).await?;
    }
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_twice_is_refused_within_a_publication_and_between_workers() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let uid = wire.start("twice", wire::spec(2)).await?.round_uid;
    let key = b"\x00taken\xff";
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key);
    wire.publish(&uid, "first", vec![pair(*key, "1")]).await?;
    let before = Essence::seen_by(&cluster, 0).await?;

    for index in 0..3 {
        let wire = cluster.node(index).wire()?;
        let twice = vec![pair("a", "1"), pair("b", "2"), pair("a", "1")];
        let apart = vec![
            header(&uid, "second", [1; 16]),
            chunk(0, twice[..2].to_vec()),
            chunk(1, twice[2..].to_vec()),
            commit(2, &twice),
        ];
        for answer in
            [wire.publish(&uid, "second", twice.clone()).await.map(|_| ()), wire.stream(apart).await.map(|_| ())]
        {
            let refusal = refused(answer)?;
            is(&refusal, "DUPLICATE_KEY", Code::InvalidArgument, &["key"]);
            assert_eq!(refusal.metadata["key"], "YQ==", "the key a, in base64");
        }
        let taken = [pair("mine", "1"), pair(*key, "1")];
        for answer in [
            wire.publish(&uid, "second", taken.to_vec()).await.map(|_| ()),
            by_stream(&wire, &uid, "second", &taken, 2).await,
        ] {
            let refusal = refused(answer)?;
            is(&refusal, "KEY_CONFLICT", Code::AlreadyExists, &["key", "worker"]);
            assert_eq!((&refusal.metadata["key"], refusal.metadata["worker"].as_str()), (&encoded, "first"));
            assert!(!refusal.message.contains("taken"), "a sentence may be logged; it shows no key");
        }
    }
    unchanged(&mut cluster, &before).await?;

    // Nothing of what was refused claims anything.
    wire.publish(&uid, "second", vec![pair("a", "2"), pair("mine", "3")]).await?;
    wire.reaches(&uid, v1::Phase::Ready).await?;
    let pairs: Pairs =
        vec![(key.to_vec(), b"1".to_vec()), (b"a".to_vec(), b"2".to_vec()), (b"mine".to_vec(), b"3".to_vec())];
    check_answers(&cluster.client()?, uid.parse()?, &pairs, Mode::Download).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_rounds_workers_and_uids_are_told_by_their_names() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let named = v1::WorkerNames { names: vec!["alice".to_owned(), "bob".to_owned()] };
    let named = v1::RoundSpec { expected: Some(v1::round_spec::Expected::Workers(named)), ..Default::default() };
    let wire = cluster.node(0).wire()?;
    let uid = wire.start("named", named.clone()).await?.round_uid;
    let before = Essence::seen_by(&cluster, 0).await?;

    for index in 0..3 {
        let wire = cluster.node(index).wire()?;
        let by_id = v1::get_round_request::Round::RoundId("nowhere".to_owned());
        let answer = wire.rounds.clone().get_round(v1::GetRoundRequest { round: Some(by_id) }).await;
        is(&refused(answer)?, "ROUND_NOT_FOUND", Code::NotFound, &["roundId"]);
        let pairs = vec![pair("a", "1")];
        let seal = v1::SealRoundRequest { round_uid: NOWHERE.to_owned() };
        let answers = [
            wire.publish(NOWHERE, "alice", pairs.clone()).await.map(|_| ()),
            by_stream(&wire, NOWHERE, "alice", &pairs, 1).await,
            wire.rounds.clone().seal_round(seal).await.map(|_| ()),
        ];
        for answer in answers {
            let refusal = refused(answer)?;
            is(&refusal, "ROUND_NOT_FOUND", Code::NotFound, &["roundUid"]);
            assert_eq!(refusal.metadata["roundUid"], NOWHERE);
        }
        for answer in [
            wire.publish(&uid, "mallory", pairs.clone()).await.map(|_| ()),
            by_stream(&wire, &uid, "mallory", &pairs, 2).await,
        ] {
            let refusal = refused(answer)?;
            is(&refusal, "WORKER_NOT_EXPECTED", Code::FailedPrecondition, &["roundId", "worker"]);
            assert_eq!(refusal.metadata["worker"], "mallory");
        }
        let bad = [
            (wire.publish("not hexadecimal", "alice", pairs.clone()).await.map(|_| ()), "round_uid"),
            (wire.publish(&uid, "", pairs.clone()).await.map(|_| ()), "worker"),
            (wire.publish(&uid, &"w".repeat(129), pairs.clone()).await.map(|_| ()), "worker"),
            (wire.start("no spaces", wire::spec(1)).await.map(|_| ()), "round_id"),
            (wire.start("", wire::spec(1)).await.map(|_| ()), "round_id"),
            (wire.start("nobody", v1::RoundSpec::default()).await.map(|_| ()), "expected"),
            (wire.start("nobody", wire::spec(0)).await.map(|_| ()), "worker_count"),
        ];
        for (answer, field) in bad {
            let refusal = refused(answer)?;
            is(&refusal, "INVALID_REQUEST", Code::InvalidArgument, &["fields"]);
            assert_eq!(refusal.metadata["fields"], field);
            assert!(refusal.fields.contains_key(field), "{refusal:?}");
        }
        let fewer = v1::RoundSpec { max_pairs: Some(7), ..named.clone() };
        let refusal = refused(wire.start("named", fewer).await)?;
        is(&refusal, "ROUND_SPEC_DIFFERS", Code::AlreadyExists, &["fields", "roundId"]);
        assert_eq!(refusal.metadata["fields"], "max_pairs");
    }
    unchanged(&mut cluster, &before).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_that_are_no_publication_are_refused_and_publish_nothing() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let uid = wire.start("streams", wire::spec(2)).await?.round_uid;
    let before = Essence::seen_by(&cluster, 0).await?;
    let pairs = vec![pair("a", "1"), pair("b", "2")];
    let head = header(&uid, "w0", [1; 16]);
    let body = chunk(0, pairs.clone());

    for index in 0..3 {
        let wire = cluster.node(index).wire()?;
        let malformed = [
            vec![],
            vec![body.clone()],
            vec![commit(1, &pairs)],
            vec![v1::PublishValuesRequest { part: None }],
            vec![head.clone(), head.clone()],
            // Truncated.
            vec![head.clone()],
            vec![head.clone(), body.clone()],
        ];
        for stream in malformed {
            let length = stream.len();
            let refusal =
                refused(wire.stream(stream).await).with_context(|| format!("a stream of {length} messages"))?;
            is(&refusal, "STREAM_MALFORMED", Code::InvalidArgument, &[]);
        }
        let incomplete = [
            vec![head.clone(), body.clone(), commit(1, &pairs[..1])],
            vec![head.clone(), body.clone(), commit(1, &[pair("a", "1"), pair("b", "3")])],
        ];
        for stream in incomplete {
            is(&refused(wire.stream(stream).await)?, "PUBLICATION_INCOMPLETE", Code::InvalidArgument, &["worker"]);
        }
        let gap = refused(wire.stream(vec![head.clone(), body.clone(), commit(2, &pairs)]).await)?;
        is(&gap, "CHUNK_GAP", Code::Aborted, &["nextSequence"]);
    }
    unchanged(&mut cluster, &before).await?;

    // What a truncated stream left is resumed, or superseded, as if nothing had been wrong.
    wire.stream(vec![header(&uid, "w0", [2; 16]), body, commit(1, &pairs)]).await?;
    wire.publish(&uid, "w1", Vec::new()).await?;
    wire.reaches(&uid, v1::Phase::Ready).await?;
    let expected: Pairs = vec![(b"a".to_vec(), b"1".to_vec()), (b"b".to_vec(), b"2".to_vec())];
    check_answers(&cluster.client()?, uid.parse()?, &expected, Mode::Download).await?;
    cluster.passed();
    Ok(())
}
