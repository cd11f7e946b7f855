//! One call's way through the nodes, from its first attempt to its end.

use std::{future::Future, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};
use tonic::{Response, Status, transport::Channel};

use super::{
    Address, Call, Failure, Network,
    backoff::Backoff,
    course::{Course, Step},
    failure::Trail,
};
use crate::{Error, random, refusal::TryAgain, request::identified};

/// A call that is under way: where it has been, what it heard there, and when it gives up.
#[derive(Debug)]
pub(crate) struct Quest {
    network: Arc<Network>,
    call: Call,
    only: Option<Address>,
    course: Course,
    trail: Trail,
    patience: Duration,
    since: Instant,
}

impl Quest {
    /// A call that any node may serve, and that gives up after `patience` without progress.
    pub(crate) fn anywhere(network: &Arc<Network>, call: Call, patience: Duration) -> Self {
        Self::new(network, call, None, patience)
    }

    /// A call to one node.
    pub(crate) fn at(network: &Arc<Network>, address: Address, call: Call, patience: Duration) -> Self {
        Self::new(network, call, Some(address), patience)
    }

    fn new(network: &Arc<Network>, call: Call, only: Option<Address>, patience: Duration) -> Self {
        let settings = network.settings();
        let course = Course::new(Backoff::new(settings.first_pause, settings.longest_pause));
        let network = Arc::clone(network);
        Self { network, call, only, course, trail: Trail::default(), patience, since: Instant::now() }
    }

    /// Makes a unary call until it is answered, refused or out of time.
    pub(crate) async fn answer<T, A>(mut self, ask: impl Fn(Channel) -> A + Send) -> Result<T, Error>
    where
        A: Future<Output = Result<Response<T>, Status>> + Send,
    {
        identified(async {
            loop {
                let (address, channel) = self.connect().await?;
                if let Some(answer) = self.attempt(&address, ask(channel)).await? {
                    return Ok(answer.into_inner());
                }
            }
        })
        .await
    }

    /// Waits for an answer of the node at `address`. `None`: it failed in a way that leaves room for another attempt.
    pub(crate) async fn attempt<T>(
        &mut self,
        address: &Address,
        answer: impl Future<Output = Result<T, Status>> + Send,
    ) -> Result<Option<T>, Error> {
        let patience = self.attempt_timeout();
        let failure = match timeout(patience, answer).await {
            Ok(Ok(answer)) => {
                self.network.directory().answered(address);
                return Ok(Some(answer));
            }
            Ok(Err(status)) => Failure::from_status(&status),
            Err(_) => Failure::silent(patience),
        };
        self.fail(address, failure)?;
        Ok(None)
    }

    /// Connects to the next node, after a pause where one is due.
    pub(crate) async fn connect(&mut self) -> Result<(Address, Channel), Error> {
        loop {
            let address = self.next_address().await?;
            match self.network.connect(&address).await {
                Ok(channel) => return Ok((address, channel)),
                Err(failure) => self.fail(&address, failure)?,
            }
        }
    }

    /// The next node to ask, after a pause where one is due.
    pub(crate) async fn next_address(&mut self) -> Result<Address, Error> {
        loop {
            if self.left().is_zero() {
                return Err(self.conclude());
            }
            let candidates = match &self.only {
                Some(address) => vec![address.clone()],
                None => self.network.directory().candidates(self.call.prefers_leader, Instant::now()),
            };
            match self.course.step(candidates, random::fraction()) {
                Step::Ask(address) => return Ok(address),
                Step::GiveUp => return Err(self.conclude()),
                Step::Pause(pause) => {
                    if pause >= self.left() {
                        return Err(self.conclude());
                    }
                    self.network.refresh_if_due();
                    sleep(pause).await;
                }
            }
        }
    }

    /// An attempt failed. An error if the call ends with it.
    pub(crate) fn fail(&mut self, address: &Address, failure: Failure) -> Result<(), Error> {
        tracing::debug!(%address, call = self.call.what, cause = failure.cause(), "an attempt failed");
        self.network.note(address, &failure);
        match (&failure, failure.try_again()) {
            (Failure::Refused(refusal), TryAgain::Never) => return Err(Error::Refused(refusal.clone())),
            (Failure::Refused(refusal), TryAgain::Elsewhere) if refusal.tells_of_no_cluster() => self.course.blank(),
            (_, TryAgain::Repeat) => self.course.hope(),
            (_, TryAgain::Never | TryAgain::Elsewhere) => {}
        }
        // What broke had begun at a member. Of one node alone nothing else is to be expected than what it says.
        let broken = matches!(failure, Failure::Broken(_));
        if self.only.is_none() && (broken || self.network.directory().knows_members()) {
            self.course.founded();
        }
        if let Failure::Refused(refusal) = &failure {
            if self.only.is_none() {
                self.course.direct(refusal.directions().filter_map(|address| address.parse().ok()));
            }
            if let Some(pause) = refusal.retry_after() {
                self.course.pause_at_least(pause);
            }
        }
        self.trail.add(failure);
        Ok(())
    }

    /// The node at `address` should be asked again, or another: the stream that it served has ended.
    pub(crate) fn begin_again(&mut self) {
        self.course.hope();
    }

    /// The call has come further: its patience starts anew.
    pub(crate) fn progressed(&mut self) {
        self.since = Instant::now();
        self.course.restart();
        self.course.founded();
        self.trail.progressed();
    }

    /// How long one node may stay silent.
    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.network.attempt_timeout(self.left())
    }

    fn left(&self) -> Duration {
        self.patience.saturating_sub(self.since.elapsed())
    }

    fn conclude(&mut self) -> Error {
        let addresses = match &self.only {
            Some(address) => vec![address.clone()],
            None => self.network.directory().addresses(),
        };
        let addresses = addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(", ");
        std::mem::take(&mut self.trail).conclude(self.call.what, self.call.changes, self.patience, addresses)
    }
}
