//! Obtains Ready rounds that this member has not: from disk, else from whoever holds them, newest first.
//!
//! A file is taken in parts. What has come is kept when a source fails, and the next source goes on from there. The
//! whole is checked against the agreed digests; if they differ, everything is taken anew, beginning with another
//! source.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use silhouette_proto::v1::{EncodingFile, FetchEncodingRequest};
use tokio::{
    sync::{mpsc, watch},
    task::{JoinError, spawn_blocking},
    time::{Instant, sleep_until, timeout},
};
use tonic::Status;

use super::{
    EncodingSettings, HeldRound,
    damage::Damages,
    encoder,
    files::EncodingFiles,
    stored,
    work::{Files, Wanted},
};
use crate::{
    consensus::Consensus,
    ids::{Digest, MemberId, RoundUid},
    storage::StorageError,
    transport::BulkPeer,
};

/// Bytes taken per second: half of a network of 1 Gbit/s, so that appends and queries keep the other half.
const BYTES_PER_SECOND: u64 = 64 << 20;
/// Pause after a round could not be obtained, at first ..
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// .. and doubled up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why a round was not obtained, this time.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    /// It is not Ready any more.
    #[error("the round is not wanted any more")]
    Obsolete,
    /// No source gave the whole file.
    #[error("nobody gave the {file}: {last}")]
    Sources { file: &'static str, last: Status },
    /// What they gave is not what was agreed on.
    #[error(transparent)]
    Unfit(#[from] super::held::UnfitError),
    /// The disk failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Reading or checking was interrupted.
    #[error("interrupted: {0}")]
    Interrupted(#[from] JoinError),
}

/// What became of a round that is wanted.
pub(super) enum Arrival {
    /// It is here.
    Held(Arc<HeldRound>),
    /// It is not on disk, so it is fetched, for as long as that takes.
    Missing(RoundUid),
}

/// Obtains what is wanted.
pub(super) struct Fetcher {
    consensus: Consensus,
    files: Arc<EncodingFiles>,
    damages: Arc<Damages>,
    settings: EncodingSettings,
    /// What has come of files that are not whole yet.
    partial: BTreeMap<Digest, BytesMut>,
    /// How often something could not be obtained; turns the order of sources.
    failures: usize,
}

impl Fetcher {
    pub(super) fn new(
        consensus: Consensus,
        files: Arc<EncodingFiles>,
        damages: Arc<Damages>,
        settings: EncodingSettings,
    ) -> Self {
        Self { consensus, files, damages, settings, partial: BTreeMap::new(), failures: 0 }
    }

    /// Obtains what `wanted` lists, whenever it changes, and hands it over by `arrived`.
    pub(super) async fn run(mut self, mut wanted: watch::Receiver<Vec<Wanted>>, arrived: mpsc::Sender<Arrival>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let list = wanted.borrow_and_update().clone();
            let digests: BTreeSet<Digest> =
                list.iter().flat_map(|wanted| [wanted.agreed.encoding, wanted.agreed.hint]).collect();
            self.partial.retain(|digest, _| digests.contains(digest));
            let mut failed = false;
            for round in list {
                let uid = round.uid;
                match self.obtain(round, &arrived).await {
                    Ok(round) => {
                        if arrived.send(Arrival::Held(Arc::new(round))).await.is_err() {
                            return;
                        }
                    }
                    Err(FetchError::Obsolete) => {}
                    Err(error) => {
                        tracing::info!(%uid, %error, "an encoding could not be obtained yet");
                        failed = true;
                        self.failures = self.failures.wrapping_add(1);
                    }
                }
            }
            let changed =
                if failed { timeout(pause, wanted.changed()).await.unwrap_or(Ok(())) } else { wanted.changed().await };
            pause = if failed { LONGEST_PAUSE.min(pause * 2) } else { FIRST_PAUSE };
            if changed.is_err() {
                return;
            }
        }
    }

    async fn obtain(&mut self, wanted: Wanted, arrived: &mpsc::Sender<Arrival>) -> Result<HeldRound, FetchError> {
        let Wanted { uid, agreed, mut sources } = wanted;
        let (plan, limit) = stored::agreed_plan(&self.consensus.state(), uid, agreed).ok_or(FetchError::Obsolete)?;
        let threads = encoder::threads(&self.settings, limit);
        let (files, damages) = (Arc::clone(&self.files), Arc::clone(&self.damages));
        let stored = spawn_blocking(move || stored::load(&files, &damages, uid, &plan, agreed, threads));
        if let Some(round) = stored.await?? {
            return Ok(round);
        }
        arrived.send(Arrival::Missing(uid)).await.map_err(|_| FetchError::Obsolete)?;
        let turn = self.failures.checked_rem(sources.len()).unwrap_or(0);
        sources.rotate_left(turn);
        let encoding =
            self.fetch(uid, &sources, EncodingFile::Encoding, agreed.encoding, plan.encoding_bytes()).await?;
        // Without the hint's file the hint is computed: that takes longer and needs nobody.
        let hint = self.fetch(uid, &sources, EncodingFile::Hint, agreed.hint, plan.hint_bytes()).await.ok();
        self.forget(agreed);
        let files = Arc::clone(&self.files);
        let checked = spawn_blocking(move || {
            let round = HeldRound::read(uid, &plan, (encoding, agreed.encoding), (hint, agreed.hint), threads)?;
            files.write(agreed.encoding, &round.encoding())?;
            files.write(agreed.hint, &round.hint())?;
            Ok::<_, FetchError>(round)
        });
        let round = checked.await??;
        tracing::info!(%uid, "fetched the encoding");
        Ok(round)
    }

    /// Drops what has come of these files.
    fn forget(&mut self, files: Files) {
        self.partial.remove(&files.encoding);
        self.partial.remove(&files.hint);
    }

    /// Takes a whole file of `total` bytes, from one source after another.
    async fn fetch(
        &mut self,
        uid: RoundUid,
        sources: &[MemberId],
        file: EncodingFile,
        digest: Digest,
        total: u64,
    ) -> Result<Bytes, FetchError> {
        let mut last = Status::unavailable("no other member is known");
        let partial = self.partial.entry(digest).or_default();
        for source in sources {
            let Some(peer) = self.consensus.transport().bulk(*source) else { continue };
            match take(peer, uid, file, digest, total, partial).await {
                Ok(()) => return Ok(std::mem::take(partial).freeze()),
                Err(status) => {
                    tracing::debug!(%uid, %source, %status, "a source failed");
                    last = status;
                }
            }
        }
        let file = if file == EncodingFile::Hint { "hint" } else { "encoding" };
        Err(FetchError::Sources { file, last })
    }
}

/// Takes what is missing of a file from one source.
async fn take(
    BulkPeer { mut client, header }: BulkPeer,
    uid: RoundUid,
    file: EncodingFile,
    digest: Digest,
    total: u64,
    partial: &mut BytesMut,
) -> Result<(), Status> {
    let request = FetchEncodingRequest {
        header: Some(header),
        round_uid: uid.to_string(),
        file: file.into(),
        digest: Bytes::copy_from_slice(&digest.0),
        offset: partial.len() as u64,
    };
    let mut parts = client.fetch_encoding(request).await?.into_inner();
    let (begun, mut taken) = (Instant::now(), 0);
    while (partial.len() as u64) < total {
        let part = parts.message().await?.ok_or_else(|| Status::unavailable("the file ended early"))?;
        if part.total_bytes != total || partial.len() + part.part.len() > total as usize {
            return Err(Status::data_loss(format!("the file has {} bytes, not {total}", part.total_bytes)));
        }
        partial.extend_from_slice(&part.part);
        taken += part.part.len() as u64;
        sleep_until(begun + Duration::from_micros(taken * 1_000_000 / BYTES_PER_SECOND)).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
