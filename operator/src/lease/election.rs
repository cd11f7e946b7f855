//! Taking the Lease, keeping it, and giving it back.

use std::{fmt, time::Duration};

use k8s_openapi::{
    api::coordination::v1::{Lease, LeaseSpec},
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{ObjectMeta, PostParams},
};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::{
    record::{Seen, held, released},
    tenure::Tenure,
};

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
    /// When the last write that succeeded was sent: it may have landed at once, and others count from then.
    renewed: Option<Instant>,
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
            renewed: None,
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
        let mut attempted = self.renewed.unwrap_or_else(Instant::now);
        loop {
            let tenure = self.tenure();
            if done.run_until_cancelled(sleep_until(tenure.next_attempt(attempted))).await.is_none() {
                return self.release().await;
            }
            attempted = Instant::now();
            let Some(patience) = tenure.patience(attempted) else {
                return Err(LeaseError::Expired { lease: self.title, silence: tenure.silence(attempted) });
            };
            match self.attempt(patience).await {
                Ok(()) => {}
                Err(taken @ LeaseError::Taken { .. }) => return Err(taken),
                Err(error) => tracing::warn!("{error}"),
            }
        }
    }

    /// For how long it may be held without another write. Who has written nothing yet has it from now on.
    fn tenure(&mut self) -> Tenure {
        Tenure::new(*self.renewed.get_or_insert_with(Instant::now), self.timing)
    }

    /// Gives the Lease back, if it is still this process's. Not for longer than it would last by itself.
    async fn release(mut self) -> Result<(), LeaseError> {
        let (lease, patience) = (self.title.clone(), self.timing.renew_deadline);
        timeout(patience, self.hand_back()).await.unwrap_or(Err(LeaseError::NoAnswer { lease, patience }))
    }

    async fn hand_back(&mut self) -> Result<(), LeaseError> {
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
        let lease = Lease { metadata, spec: Some(self.mine(None)) };
        let sent = Instant::now();
        let created = self.api.create(&PostParams::default(), &lease).await;
        self.remember(created, sent)
    }

    /// Writes over the version that was read, and no other.
    async fn write(&mut self, lease: Lease) -> Result<(), LeaseError> {
        let sent = Instant::now();
        let written = self.api.replace(&self.name, &PostParams::default(), &lease).await;
        self.remember(written, sent)
    }

    fn remember(&mut self, written: kube::Result<Lease>, sent: Instant) -> Result<(), LeaseError> {
        let lease = written.map_err(|source| self.failed(source))?;
        self.renewed = Some(sent);
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use http::{Request, Response};
    use kube::client::Body;
    use parking_lot::Mutex;

    use super::*;

    #[tokio::test]
    async fn it_is_held_from_when_the_write_was_sent_and_not_from_when_it_was_answered() {
        let answered = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&answered);
        let service = tower::service_fn(move |request: Request<Body>| {
            let seen = Arc::clone(&seen);
            async move {
                if request.method() == http::Method::GET {
                    let missing = r#"{"kind":"Status","status":"Failure","code":404,"reason":"NotFound","message":""}"#;
                    let mut answer = Response::new(Body::from(missing.as_bytes().to_vec()));
                    *answer.status_mut() = http::StatusCode::NOT_FOUND;
                    return Ok::<_, kube::Error>(answer);
                }
                // The Lease has landed by now; the answer takes its time.
                *seen.lock() = Some(Instant::now());
                Ok(Response::new(Body::from(request.into_body().collect_bytes().await?)))
            }
        });
        let mut election = Election::new(Client::new(service, "n"), "n", "lease", "a".to_owned(), Timing::default());
        election.acquire().await;
        let landed = answered.lock().expect("it was written");
        assert!(election.tenure().end() <= landed + Timing::default().renew_deadline);
    }
}
