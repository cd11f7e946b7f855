//! Taking the Lease, keeping it, and giving it back.

use std::{
    fmt,
    time::{Duration, Instant},
};

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::record::{Seen, held, released};

/// How long things take at most.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// For how long others leave a Lease alone that does not change.
    pub lasts: Duration,
    /// For how long its holder works on without having written it. Shorter than `lasts` by more than a call takes.
    pub renew_deadline: Duration,
    /// The pause between two attempts to take or to write it.
    pub retry: Duration,
}

impl Default for Timing {
    /// As Kubernetes' own controllers do.
    fn default() -> Self {
        Self { lasts: Duration::from_secs(15), renew_deadline: Duration::from_secs(10), retry: Duration::from_secs(2) }
    }
}

/// Why the Lease is not held any more, or was not taken this time.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LeaseError {
    /// Somebody else wrote it.
    #[error("lease {lease} is held by {holder}")]
    Taken {
        /// Which.
        lease: String,
        /// By whom; nobody's name is empty.
        holder: String,
    },
    /// It could not be written for as long as its holder may go on without.
    #[error("lease {lease} could not be renewed for {:.1} s", .silence.as_secs_f64())]
    Expired {
        /// Which.
        lease: String,
        /// For how long.
        silence: Duration,
    },
    /// The API server refused, or could not be reached.
    #[error("lease {lease} cannot be read or written: {source}")]
    Api {
        /// Which.
        lease: String,
        /// Why.
        source: kube::Error,
    },
    /// The API server did not answer.
    #[error("lease {lease} cannot be read or written: the API server did not answer within {:.1} s", .patience.as_secs_f64())]
    NoAnswer {
        /// Which.
        lease: String,
        /// In this time.
        patience: Duration,
    },
}

/// One operator's part in the election.
pub struct Election {
    api: Api<Lease>,
    /// `namespace/name`, for messages.
    title: String,
    name: String,
    identity: String,
    timing: Timing,
    seen: Option<Seen>,
}

impl Election {
    /// `identity` must be another for each process, a restarted one included.
    pub fn new(client: Client, namespace: &str, name: &str, identity: String, timing: Timing) -> Self {
        Self {
            api: Api::namespaced(client, namespace),
            title: format!("{namespace}/{name}"),
            name: name.to_owned(),
            identity,
            timing,
            seen: None,
        }
    }

    /// Waits until the Lease is held.
    pub async fn acquire(&mut self) {
        let mut told = None;
        loop {
            match self.attempt(self.timing.renew_deadline).await {
                Ok(()) => return,
                // The same news again and again is none.
                Err(error) => {
                    let news = error.to_string();
                    if told.as_ref() != Some(&news) {
                        tracing::info!(identity = self.identity, "waits for its turn: {news}");
                        told = Some(news);
                    }
                }
            }
            sleep(self.timing.retry).await;
        }
    }

    /// Keeps the Lease until `done`, then gives it back. Ends early, with the reason, once it is lost.
    pub async fn keep(mut self, done: CancellationToken) -> Result<(), LeaseError> {
        // What counts is when the last write that succeeded was sent: it may have landed at once.
        let mut renewed = Instant::now();
        loop {
            if done.run_until_cancelled(sleep(self.timing.retry)).await.is_none() {
                return self.release().await;
            }
            let sent = Instant::now();
            let left = self.timing.renew_deadline.saturating_sub(sent.duration_since(renewed));
            // An attempt that hangs leaves time for another.
            match self.attempt(left.min(self.timing.renew_deadline / 2)).await {
                Ok(()) => renewed = sent,
                Err(taken @ LeaseError::Taken { .. }) => return Err(taken),
                Err(error) => tracing::warn!("{error}"),
            }
            let silence = renewed.elapsed();
            if silence >= self.timing.renew_deadline {
                return Err(LeaseError::Expired { lease: self.title, silence });
            }
        }
    }

    /// Gives the Lease back, if it is still this process's.
    async fn release(mut self) -> Result<(), LeaseError> {
        let lease = self.read().await?;
        let Some(spec) = lease.spec.clone().filter(|spec| spec.holder_identity.as_deref() == Some(&self.identity))
        else {
            return Ok(());
        };
        self.write(Lease { spec: Some(released(&spec, Timestamp::now())), ..lease }).await
    }

    /// Takes or renews the Lease, once.
    async fn attempt(&mut self, patience: Duration) -> Result<(), LeaseError> {
        let title = self.title.clone();
        timeout(patience, self.bid()).await.unwrap_or(Err(LeaseError::NoAnswer { lease: title, patience }))
    }

    async fn bid(&mut self) -> Result<(), LeaseError> {
        // A holder that wrote last need not look first: its version is the newest, or somebody else's write refuses it.
        if let Some(seen) = self.seen.as_ref().filter(|seen| seen.holder() == Some(&self.identity)) {
            let lease = seen.lease.clone();
            match self.take(lease).await {
                Err(LeaseError::Api { source, .. }) if is_conflict(&source) || is_missing(&source) => {}
                outcome => return outcome,
            }
        }
        let lease = match self.read().await {
            Err(LeaseError::Api { source, .. }) if is_missing(&source) => return self.create().await,
            read => read?,
        };
        let seen = Seen::after(self.seen.as_ref(), lease, Instant::now());
        let holder = seen.holder().unwrap_or_default().to_owned();
        let may_take = holder == self.identity || seen.is_free(Instant::now());
        let lease = seen.lease.clone();
        self.seen = Some(seen);
        if may_take { self.take(lease).await } else { Err(LeaseError::Taken { lease: self.title.clone(), holder }) }
    }

    async fn take(&mut self, lease: Lease) -> Result<(), LeaseError> {
        let spec = self.mine(lease.spec.as_ref());
        self.write(Lease { spec: Some(spec), ..lease }).await
    }

    async fn create(&mut self) -> Result<(), LeaseError> {
        let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
        let created = self.api.create(&PostParams::default(), &Lease { metadata, spec: Some(self.mine(None)) }).await;
        self.remember(created)
    }

    /// Writes over the version that was read, and no other.
    async fn write(&mut self, lease: Lease) -> Result<(), LeaseError> {
        let written = self.api.replace(&self.name, &PostParams::default(), &lease).await;
        self.remember(written)
    }

    fn remember(&mut self, written: kube::Result<Lease>) -> Result<(), LeaseError> {
        let lease = written.map_err(|source| self.failed(source))?;
        self.seen = Some(Seen::after(self.seen.as_ref(), lease, Instant::now()));
        Ok(())
    }

    async fn read(&self) -> Result<Lease, LeaseError> {
        self.api.get(&self.name).await.map_err(|source| self.failed(source))
    }

    fn mine(&self, before: Option<&LeaseSpec>) -> LeaseSpec {
        held(before, &self.identity, self.timing.lasts, Timestamp::now())
    }

    fn failed(&self, source: kube::Error) -> LeaseError {
        LeaseError::Api { lease: self.title.clone(), source }
    }
}

impl fmt::Debug for Election {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Election").field("lease", &self.title).field("identity", &self.identity).finish_non_exhaustive()
    }
}

fn is_conflict(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 409)
}

fn is_missing(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}
