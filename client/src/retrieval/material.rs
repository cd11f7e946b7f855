//! What a client needs of a round before it can read values: the hint for queries, or the encoding itself. Both count
//! only if their digests are those of the round's description.

use std::sync::Arc;

use bytes::Bytes;
use silhouette_pir::{Client as Reader, Hint, hint_digest, okvs::Encoding};
use silhouette_proto::v1::{DownloadEncodingRequest, GetHintRequest};
use tokio::task::spawn_blocking;

use super::{
    Shape,
    transfer::{self, Object},
};
use crate::{
    Error,
    network::{Call, Network, retrieval},
};

/// Fetches the hint, and makes of it what queries.
pub(super) async fn fetch_reader(
    network: &Arc<Network>,
    shape: &Shape,
    report: &mut (dyn FnMut(u64) + Send),
) -> Result<Reader, Error> {
    let object = Object { name: "the hint", call: Call::reads("fetching the hint"), total_bytes: shape.hint_bytes() };
    let bytes = transfer::fetch(
        network,
        object,
        |channel, offset| {
            let request = GetHintRequest {
                round_uid: shape.uid().to_string(),
                encoding_digest: Bytes::copy_from_slice(shape.encoding_digest().as_bytes()),
                offset,
            };
            async move { retrieval(channel).get_hint(request).await }
        },
        report,
    )
    .await?;
    let shape = *shape;
    compute(move || {
        let wrong = |problem: String| Error::inconsistent("the hint", problem);
        if hint_digest(&bytes) != *shape.hint_digest().as_bytes() {
            return Err(wrong("its digest differs from the announced one".to_owned()));
        }
        let hint = Hint::from_bytes(shape.plan(), &bytes).map_err(|error| wrong(error.to_string()))?;
        Reader::new(*shape.plan(), *shape.parameters(), hint).map_err(|error| wrong(error.to_string()))
    })
    .await?
}

/// Downloads the masked encoding.
pub(super) async fn fetch_encoding(
    network: &Arc<Network>,
    shape: &Shape,
    report: &mut (dyn FnMut(u64) + Send),
) -> Result<Encoding, Error> {
    let call = Call::reads("downloading the encoding");
    let object = Object { name: "the encoding", call, total_bytes: shape.encoding_bytes() };
    let bytes = transfer::fetch(
        network,
        object,
        |channel, offset| {
            let request = DownloadEncodingRequest {
                round_uid: shape.uid().to_string(),
                encoding_digest: Bytes::copy_from_slice(shape.encoding_digest().as_bytes()),
                offset,
            };
            async move { retrieval(channel).download_encoding(request).await }
        },
        report,
    )
    .await?;
    let shape = *shape;
    compute(move || {
        let wrong = |problem: String| Error::inconsistent("the encoding", problem);
        let encoding = Encoding::from_bytes(&bytes).map_err(|error| wrong(error.to_string()))?;
        if encoding.digest() != *shape.encoding_digest().as_bytes() {
            return Err(wrong("its digest differs from the announced one".to_owned()));
        }
        if encoding.parameters() != shape.parameters() {
            return Err(wrong("its parameters differ from the round's".to_owned()));
        }
        Ok(encoding)
    })
    .await?
}

/// Runs what keeps a processor busy where it holds up no connection.
pub(super) async fn compute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    spawn_blocking(work).await.map_err(|error| Error::inconsistent("a computation", error.to_string()))
}
