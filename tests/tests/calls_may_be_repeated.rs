//! Every call may be sent again, whoever answers it: the same call changes nothing and gives the same answer.

use anyhow::{Context as _, Result, bail};
use silhouette_client::Mode;
use silhouette_proto::v1::{self, publish_values_response::Event};
use silhouette_tests::harness::{
    cluster::Cluster,
    rounds::{Pairs, check_answers, messages, random_pairs},
    wire::{self, Refused, Wire, chunk, commit, header, pair, refused},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

fn is(refusal: &Refused, reason: &str, code: Code) {
    assert_eq!((refusal.reason.as_str(), refusal.code), (reason, code), "{refusal:?}");
}

async fn delete(wire: &Wire, uid: &str) -> Result<(), tonic::Status> {
    let request = v1::DeleteRoundRequest { round_uid: uid.to_owned() };
    wire.rounds.clone().delete_round(request).await.map(|_| ())
}

/// A publication stream that is written step by step.
struct Upload {
    parts: mpsc::Sender<v1::PublishValuesRequest>,
    answers: Streaming<v1::PublishValuesResponse>,
}

impl Upload {
    async fn open(wire: &Wire, header: v1::PublishValuesRequest) -> Result<Self> {
        let (parts, receiver) = mpsc::channel(16);
        parts.send(header).await?;
        let answers = wire.rounds.clone().publish_values(ReceiverStream::new(receiver)).await?.into_inner();
        Ok(Self { parts, answers })
    }

    async fn send(&self, part: v1::PublishValuesRequest) -> Result<()> {
        Ok(self.parts.send(part).await?)
    }

    async fn next(&mut self) -> Result<Event, tonic::Status> {
        let message = self.answers.message().await?;
        message.and_then(|message| message.event).ok_or_else(|| tonic::Status::cancelled("the stream has ended"))
    }

    async fn resume(&mut self) -> Result<u64> {
        match self.next().await? {
            Event::Resume(resume) => Ok(resume.next_sequence),
            other => bail!("{other:?} is no answer to a header"),
        }
    }

    /// Waits until all chunks before `sequence` are durable.
    async fn durable(&mut self, sequence: u64) -> Result<()> {
        loop {
            match self.next().await? {
                Event::Durable(durable) if durable.next_sequence >= sequence => return Ok(()),
                Event::Durable(_) => {}
                other => bail!("{other:?} is no answer to a chunk"),
            }
        }
    }

    async fn published(&mut self) -> Result<bool> {
        loop {
            match self.next().await? {
                Event::Published(published) => return Ok(published.already),
                Event::Durable(_) => {}
                Event::Resume(_) => bail!("a second answer to the header"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_started_again_is_the_same_round_and_other_specs_are_refused() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let spec = v1::RoundSpec { max_pairs: Some(500), deadline_ms: 3_600_000, ..wire::spec(2) };
    let first = cluster.node(0).wire()?.start("again", spec.clone()).await?;
    for index in 0..3 {
        let again = cluster.node(index).wire()?.start("again", spec.clone()).await?;
        assert_eq!((&again.round_uid, again.started_ms), (&first.round_uid, first.started_ms));
        let other = v1::RoundSpec { max_pairs: Some(501), expected_lookups: 9, ..spec.clone() };
        let refusal = refused(cluster.node(index).wire()?.start("again", other).await)?;
        is(&refusal, "ROUND_SPEC_DIFFERS", Code::AlreadyExists);
        assert_eq!(refusal.metadata["fields"], "max_pairs,expected_lookups");
    }
    // Defaults that are written out are the same spec.
    let explicit = v1::RoundSpec { expected_lookups: 6, ..spec.clone() };
    assert_eq!(cluster.node(1).wire()?.start("again", explicit).await?.round_uid, first.round_uid);
    let leader = cluster.leader().await?;
    cluster.node_mut(leader).kill()?;
    let again = cluster.client()?.start_round("again", &again_spec()).await?;
    assert_eq!(again.uid.to_string(), first.round_uid, "after a change of leader");
    cluster.passed();
    Ok(())
}

/// The spec above, in the client's words.
fn again_spec() -> silhouette_client::RoundSpec {
    silhouette_client::RoundSpec::for_workers(2).max_pairs(500).deadline(std::time::Duration::from_hours(1))
}

#[tokio::test(flavor = "multi_thread")]
async fn chunks_and_commits_sent_again_change_nothing() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let wire = cluster.node(cluster.leader().await?).wire()?;
    let uid = wire.start("twice", wire::spec(2)).await?.round_uid;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(1), 30);
    let all = messages(&pairs);
    let parts: Vec<_> = (0..).zip(all.chunks(10)).map(|(number, part)| chunk(number, part.to_vec())).collect();
    let [first, second, third] = parts.as_slice() else { bail!("there are three chunks") };
    let upload = [1; 16];

    let repeated = [
        header(&uid, "w0", upload),
        first.clone(),
        first.clone(),
        second.clone(),
        first.clone(),
        second.clone(),
        third.clone(),
        commit(3, &all),
    ];
    let events = wire.stream(repeated.to_vec()).await?;
    assert!(matches!(events.first(), Some(Event::Resume(v1::Resume { next_sequence: 0 }))), "{events:?}");
    assert!(matches!(events.last(), Some(Event::Published(v1::Published { already: false }))), "{events:?}");
    let published = wire.round(&uid).await?;
    assert_eq!((published.workers_published, published.phase()), (1, v1::Phase::Open));

    // The whole upload again, as after a lost answer.
    let again = [vec![header(&uid, "w0", upload)], parts.clone(), vec![commit(3, &all)]].concat();
    let events = wire.stream(again).await?;
    assert!(matches!(events.last(), Some(Event::Published(v1::Published { already: true }))), "{events:?}");
    let after = wire.round(&uid).await?;
    assert_eq!((after.workers_published, after.phase()), (1, v1::Phase::Open));

    // A gap is told with the number to go on at, and the upload can go on.
    let gap = refused(wire.stream(vec![header(&uid, "w1", [2; 16]), third.clone()]).await)?;
    is(&gap, "CHUNK_GAP", Code::Aborted);
    assert_eq!(gap.metadata["nextSequence"], "0");

    wire.publish(&uid, "w1", Vec::new()).await?;
    wire.reaches(&uid, v1::Phase::Ready).await?;
    check_answers(&cluster.client()?, uid.parse()?, &pairs, Mode::Pir).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_goes_on_at_the_new_leader_where_the_old_one_stopped() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let old = cluster.leader().await?;
    let uid = cluster.node(old).wire()?.start("resumed", wire::spec(1)).await?.round_uid;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(2), 60);
    let all = messages(&pairs);
    let parts: Vec<_> = (0..).zip(all.chunks(10)).map(|(number, part)| chunk(number, part.to_vec())).collect();
    let upload = [3; 16];

    let mut stream = Upload::open(&cluster.node(old).wire()?, header(&uid, "w0", upload)).await?;
    assert_eq!(stream.resume().await?, 0);
    for part in &parts[..3] {
        stream.send(part.clone()).await?;
    }
    stream.durable(3).await?;
    cluster.node_mut(old).kill()?;
    assert!(stream.next().await.is_err(), "the stream ends with its leader");

    let new = cluster.leader().await?;
    let mut stream = Upload::open(&cluster.node(new).wire()?, header(&uid, "w0", upload)).await?;
    let next = stream.resume().await?;
    assert_eq!(next, 3, "exactly what was sent is durable");
    for part in &parts[3..] {
        stream.send(part.clone()).await?;
    }
    stream.send(commit(6, &all)).await?;
    assert!(!stream.published().await?);
    cluster.node(new).wire()?.reaches(&uid, v1::Phase::Ready).await?;
    check_answers(&cluster.client()?, uid.parse()?, &pairs, Mode::Pir).await?;
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_upload_supersedes_the_old_one_and_tells_it() -> Result<()> {
    let cluster = Cluster::of_three().await?;
    let wire = cluster.node(cluster.leader().await?).wire()?;
    let uid = wire.start("superseded", wire::spec(1)).await?.round_uid;
    let mut old = Upload::open(&wire, header(&uid, "w0", [1; 16])).await?;
    old.resume().await?;
    old.send(chunk(0, vec![pair("stale", "0")])).await?;
    old.durable(1).await?;

    let pairs: Pairs = vec![(b"fresh".to_vec(), b"1".to_vec())];
    let all = messages(&pairs);
    let mut new = Upload::open(&wire, header(&uid, "w0", [2; 16])).await?;
    assert_eq!(new.resume().await?, 0);
    new.send(chunk(0, all.clone())).await?;
    new.durable(1).await?;
    old.send(chunk(1, vec![pair("staler", "0")])).await?;
    let told = loop {
        match old.next().await {
            Ok(Event::Durable(_)) => {}
            Ok(other) => bail!("{other:?} to a superseded upload"),
            Err(status) => break refused::<()>(Err(status))?,
        }
    };
    is(&told, "UPLOAD_SUPERSEDED", Code::Aborted);
    assert_eq!(told.metadata["worker"], "w0");

    new.send(commit(1, &all)).await?;
    new.published().await?;
    wire.reaches(&uid, v1::Phase::Ready).await?;
    let client = cluster.client()?;
    check_answers(&client, uid.parse()?, &pairs, Mode::Pir).await?;
    let stale: silhouette_client::RoundUid = uid.parse()?;
    let answers = client.get_many(stale, ["stale", "staler"]).mode(Mode::Pir).await?;
    assert_eq!(answers.values(), [None, None], "nothing of the superseded upload is there");
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_again_succeeds_and_other_content_is_refused() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let pairs = random_pairs(&mut fastrand::Rng::with_seed(4), 20);
    let all = messages(&pairs);
    let uid = cluster.node(0).wire()?.start("content", wire::spec(2)).await?.round_uid;
    let wire = cluster.node(1).wire()?;
    assert!(!wire.publish(&uid, "w0", all.clone()).await?);

    // In another order, in other chunks, by another process.
    let reversed: Vec<_> = all.iter().rev().cloned().collect();
    assert!(wire.publish(&uid, "w0", reversed.clone()).await?);
    let parts: Vec<_> = (0..).zip(reversed.chunks(7)).map(|(number, part)| chunk(number, part.to_vec())).collect();
    let stream = [vec![header(&uid, "w0", [9; 16])], parts, vec![commit(3, &all)]].concat();
    let events = wire.stream(stream).await?;
    assert!(matches!(events.last(), Some(Event::Published(v1::Published { already: true }))), "{events:?}");

    let mut other = all.clone();
    other[0].value = b"changed".to_vec().into();
    for different in [other, all[1..].to_vec(), Vec::new()] {
        let refusal = refused(wire.publish(&uid, "w0", different).await)?;
        is(&refusal, "PUBLICATION_DIFFERS", Code::AlreadyExists);
        assert_eq!(refusal.metadata["worker"], "w0");
    }
    let leader = cluster.leader().await?;
    cluster.node_mut(leader).kill()?;
    let published = cluster.client()?.publish(uid.parse()?, "w0", pairs.clone()).await?;
    assert!(published.already, "the new leader knows it too");

    cluster.client()?.publish(uid.parse()?, "w1", Vec::<(Vec<u8>, Vec<u8>)>::new()).await?;
    let client = cluster.client()?;
    client.wait(uid.parse()?).await?;
    check_answers(&client, uid.parse()?, &pairs, Mode::Pir).await?;
    // Closed long ago, and still the same answer, as long as there is something to compare with: on a busy machine the
    // pairs are destroyed by now.
    match client.publish(uid.parse()?, "w0", pairs).await {
        Ok(published) => assert!(published.already),
        Err(error) => assert_eq!(error.reason(), "ROUND_CLOSED", "{error}"),
    }
    cluster.passed();
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_round_stays_dead() -> Result<()> {
    let mut cluster = Cluster::of_three().await?;
    let wire = cluster.node(0).wire()?;
    let open = wire.start("open", wire::spec(2)).await?.round_uid;
    let ready = wire.start("ready", wire::spec(1)).await?.round_uid;
    wire.publish(&open, "w0", vec![pair("a", "1")]).await?;
    wire.publish(&ready, "w0", vec![pair("a", "1")]).await?;
    wire.reaches(&ready, v1::Phase::Ready).await?;

    for uid in [&open, &ready] {
        delete(&wire, uid).await?;
        delete(&wire, uid).await.context("a second delete")?;
    }
    for restarted in [false, true] {
        if restarted {
            for index in 0..3 {
                cluster.node_mut(index).kill()?;
            }
            for index in 0..3 {
                cluster.node_mut(index).start().await?;
            }
            cluster.all_ready().await?;
        }
        for index in 0..3 {
            let wire = cluster.node(index).wire()?;
            assert!(wire.list().await?.is_empty(), "a deleted round is listed");
            for (id, uid, workers) in [("open", &open, 2), ("ready", &ready, 1)] {
                is(&refused(wire.start(id, wire::spec(workers)).await)?, "ROUND_ID_RETIRED", Code::FailedPrecondition);
                let publication = wire.publish(uid, "w0", vec![pair("a", "1")]).await;
                is(&refused(publication)?, "ROUND_NOT_FOUND", Code::NotFound);
                let shape = v1::GetShapeRequest { round: Some(v1::get_shape_request::Round::RoundUid(uid.clone())) };
                is(&refused(wire.retrieval.clone().get_shape(shape).await)?, "ROUND_NOT_FOUND", Code::NotFound);
                delete(&wire, uid).await.context("deleting what is deleted")?;
            }
        }
    }
    cluster.passed();
    Ok(())
}
