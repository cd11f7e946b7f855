//! The client: one handle for all that a worker does.

use std::sync::Arc;

use silhouette_proto::v1::{
    DeleteRoundRequest, GetRoundRequest, ListRoundsRequest, SealRoundRequest, StartRoundRequest, get_round_request,
};

use crate::{
    ClientBuilder, Cluster, Error, GetMany, Publish, Revision, Round, RoundName, RoundSpec, RoundUid, Shape, Wait,
    Watch,
    network::{Call, Network, rounds},
    request::identified,
    retrieval::{self, KeptRounds},
};

/// A worker's access to a cluster. Cheap to clone; clones share connections, what is known of the members, and the
/// hints and encodings of the rounds that were read last.
#[derive(Debug, Clone)]
pub struct Client {
    network: Arc<Network>,
    kept: Arc<KeptRounds>,
}

impl Client {
    /// Begins to make a client.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    pub(crate) fn new(network: Arc<Network>) -> Self {
        let kept = Arc::new(KeptRounds::new(network.settings().rounds_kept));
        Self { network, kept }
    }

    /// What an administrator does: forming a cluster and changing its members.
    pub fn cluster(&self) -> Cluster {
        Cluster::new(Arc::clone(&self.network))
    }

    /// Starts a round, or gets it as it is if it was started with the same spec. Every worker may call this.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ROUND_SPEC_DIFFERS` if the id is taken by a round with another spec,
    /// `ROUND_ID_RETIRED` if it was taken in the last 24 hours, `MEMORY_BUDGET_EXCEEDED`, `TOO_MANY_OPEN_ROUNDS` or
    /// `TOO_MANY_ROUNDS` if the cluster has no room for it.
    pub async fn start_round(&self, id: impl Into<String>, spec: &RoundSpec) -> Result<Round, Error> {
        let request = StartRoundRequest { round_id: id.into(), spec: Some(spec.to_wire()) };
        let ask = |channel| {
            let request = request.clone();
            async move { rounds(channel).start_round(request).await }
        };
        let response = self.network.call(Call::changes("starting the round"), ask).await?;
        Round::from_response(response.round)
    }

    /// Publishes all of one worker's pairs, which may be none. The pairs are kept in memory until they are durable on
    /// a majority of voters; a broken upload resumes where it broke.
    ///
    /// The same pairs again, from this process or another, succeed and change nothing.
    ///
    /// ```no_run
    /// # async fn run(client: silhouette_client::Client, round: silhouette_client::RoundUid)
    /// # -> Result<(), silhouette_client::Error> {
    /// let degrees = (0..1_000_u32).map(|vertex| (format!("vertex-{vertex}"), vertex.to_le_bytes()));
    /// let published = client
    ///     .publish(round, "worker-0", degrees)
    ///     .on_progress(|progress| eprintln!("{} of {} bytes", progress.done, progress.total))
    ///     .await?;
    /// assert_eq!(published.pairs, 1_000);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Refused`] with `ROUND_CLOSED`, `KEY_CONFLICT` (another worker published a key), `DUPLICATE_KEY` (the
    /// pairs hold a key twice), `PUBLICATION_DIFFERS` (this worker published something else), `UPLOAD_SUPERSEDED`
    /// (this worker began another upload meanwhile), or with the limit that a pair exceeds.
    pub fn publish<'a, K, V>(
        &self,
        round: RoundUid,
        worker: impl Into<String>,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Publish<'a>
    where
        K: Into<Vec<u8>>,
        V: Into<Vec<u8>>,
    {
        Publish::new(Arc::clone(&self.network), round, worker.into(), pairs)
    }

    /// Waits until a round is Ready: until its values can be looked up.
    ///
    /// # Errors
    /// [`Error::RoundFailed`] or [`Error::RoundGone`] if it never will be; [`Error::TimedOut`] after
    /// [`Wait::timeout`].
    pub fn wait<'a>(&self, round: RoundUid) -> Wait<'a> {
        Wait::new(Arc::clone(&self.network), round)
    }

    /// Follows a round: as it is, then after each change.
    pub fn watch(&self, round: RoundUid) -> Watch {
        self.watch_after(round, Revision::default())
    }

    /// Follows a round from the first change after `revision`, as an earlier watch showed it.
    pub fn watch_after(&self, round: RoundUid, revision: Revision) -> Watch {
        Watch::new(Arc::clone(&self.network), round, revision)
    }

    /// Reads a round, as it is after every change that was acknowledged before.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ROUND_NOT_FOUND`.
    pub async fn get_round(&self, round: impl Into<RoundName>) -> Result<Round, Error> {
        let round = match round.into() {
            RoundName::Id(id) => get_round_request::Round::RoundId(id),
            RoundName::Uid(uid) => get_round_request::Round::RoundUid(uid.to_string()),
        };
        let request = GetRoundRequest { round: Some(round) };
        let ask = |channel| {
            let request = request.clone();
            async move { rounds(channel).get_round(request).await }
        };
        let response = self.network.call(Call::reads("reading the round"), ask).await?;
        Round::from_response(response.round)
    }

    /// Reads all rounds, in the order in which they were started.
    pub async fn list_rounds(&self) -> Result<Vec<Round>, Error> {
        let ask = |channel| async move { rounds(channel).list_rounds(ListRoundsRequest {}).await };
        let response = self.network.call(Call::reads("listing the rounds"), ask).await?;
        response.rounds.into_iter().map(Round::from_wire).collect()
    }

    /// Closes an open round at once, with the publications that are there. A round that is closed already stays as
    /// it is.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ROUND_NOT_FOUND`, or `ROUND_FAILED`.
    pub async fn seal_round(&self, round: RoundUid) -> Result<Round, Error> {
        let ask = |channel| {
            let request = SealRoundRequest { round_uid: round.to_string() };
            async move { rounds(channel).seal_round(request).await }
        };
        let response = self.network.call(Call::changes("sealing the round"), ask).await?;
        Round::from_response(response.round)
    }

    /// Removes a round in any phase and destroys its pairs. Its id cannot be used for 24 hours. A round that was
    /// deleted before is no error.
    pub async fn delete_round(&self, round: RoundUid) -> Result<(), Error> {
        let ask = |channel| {
            let request = DeleteRoundRequest { round_uid: round.to_string() };
            async move { rounds(channel).delete_round(request).await }
        };
        self.network.call(Call::changes("deleting the round"), ask).await?;
        Ok(())
    }

    /// Looks up one key; `None` if nobody published it. It costs as much as looking up all the keys that the round
    /// expects of a client: use [`Client::get_many`] for more than one.
    pub async fn get(&self, round: impl Into<RoundName>, key: impl Into<Vec<u8>>) -> Result<Option<Vec<u8>>, Error> {
        let answers = self.get_many(round, [key]).await?;
        Ok(answers.into_values().pop().flatten())
    }

    /// Looks up keys, all at once: their number, padded to the next multiple of what the round expects, is all that
    /// a node learns.
    ///
    /// ```no_run
    /// use silhouette_client::Mode;
    ///
    /// # async fn run(client: silhouette_client::Client, round: silhouette_client::RoundUid)
    /// # -> Result<(), silhouette_client::Error> {
    /// let answers = client.get_many(round, ["vertex-1", "vertex-2"]).mode(Mode::Pir).await?;
    /// for value in answers.values() {
    ///     println!("{}", if value.is_some() { "published" } else { "absent" });
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Refused`] with `ROUND_NOT_READY`, `ROUND_FAILED` or `ROUND_NOT_FOUND`; with `DOWNLOADS_FORBIDDEN` if
    /// [`Mode::Download`](crate::Mode::Download) was demanded of a round that forbids it; [`Error::Inconsistent`] if
    /// what a node sent does not match the round's digests.
    pub fn get_many<'a, K: Into<Vec<u8>>>(
        &self,
        round: impl Into<RoundName>,
        keys: impl IntoIterator<Item = K>,
    ) -> GetMany<'a> {
        let keys = keys.into_iter().map(Into::into).collect();
        GetMany::new(Arc::clone(&self.network), Arc::clone(&self.kept), round.into(), keys)
    }

    /// The public description of a round that can be read: what lookups will cost, and what a node can see of them.
    ///
    /// # Errors
    /// [`Error::Refused`] with `ROUND_NOT_READY`, `ROUND_FAILED` or `ROUND_NOT_FOUND`.
    pub async fn shape(&self, round: impl Into<RoundName>) -> Result<Shape, Error> {
        identified(retrieval::describe(&self.network, &self.kept, &round.into())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Add, Answers, Configuration, Create, Published};

    const fn is_send_and_sync<T: Send + Sync>() {}

    fn is_send<T: Send>(_: &T) {}

    #[test]
    fn handles_errors_and_results_go_to_any_thread() {
        is_send_and_sync::<Client>();
        is_send_and_sync::<ClientBuilder>();
        is_send_and_sync::<Cluster>();
        is_send_and_sync::<Error>();
        is_send_and_sync::<Round>();
        is_send_and_sync::<Answers>();
        is_send_and_sync::<Published>();
        is_send_and_sync::<Configuration>();
        is_send_and_sync::<Watch>();
    }

    #[tokio::test]
    async fn futures_may_be_spawned() -> Result<(), Error> {
        let client = Client::builder().endpoint("127.0.0.1:1").build()?;
        let uid = RoundUid::from_bytes([0; 16]);
        let spec = RoundSpec::for_workers(1);
        is_send(&client.start_round("r", &spec));
        is_send(&client.publish(uid, "w", [("key", "value")]).on_progress(|_| ()).into_future());
        is_send(&client.wait(uid).on_change(|_| ()).into_future());
        is_send(&client.watch(uid).next());
        is_send(&client.get_round("r"));
        is_send(&client.list_rounds());
        is_send(&client.seal_round(uid));
        is_send(&client.delete_round(uid));
        is_send(&client.get(uid, "key"));
        is_send(&client.get_many(uid, ["key"]).on_progress(|_| ()).into_future());
        is_send(&client.shape(uid));
        let cluster = client.cluster();
        let member = "1".parse()?;
        let (create, add): (Create<'_>, Add<'_>) = (cluster.create(), cluster.add(["127.0.0.1:2".parse()?]));
        is_send(&create.into_future());
        is_send(&add.into_future());
        is_send(&cluster.create().check());
        is_send(&cluster.add(["127.0.0.1:2".parse()?]).check());
        is_send(&cluster.members());
        is_send(&cluster.statuses());
        is_send(&cluster.all_diagnostics());
        is_send(&cluster.present_members());
        is_send(&cluster.remove([member]));
        is_send(&cluster.transfer_leader(Some(member)));
        Ok(())
    }
}
