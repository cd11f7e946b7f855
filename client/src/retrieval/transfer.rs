//! Fetching a hint or an encoding whole, over as many streams as it takes.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use silhouette_proto::v1::{DownloadEncodingResponse, GetHintResponse};
use tokio::time::timeout;
use tonic::{Response, Status, Streaming, transport::Channel};

use crate::{
    Error,
    network::{Call, Failure, Network, Quest},
};

/// A message that carries a part of something.
pub(super) trait Part {
    /// The next bytes, and how many there are in all.
    fn into_part(self) -> (Bytes, u64);
}

impl Part for GetHintResponse {
    fn into_part(self) -> (Bytes, u64) {
        (self.part, self.total_bytes)
    }
}

impl Part for DownloadEncodingResponse {
    fn into_part(self) -> (Bytes, u64) {
        (self.part, self.total_bytes)
    }
}

/// What is fetched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object {
    /// For errors, as in "the hint".
    pub(super) name: &'static str,
    /// As in "fetching the hint".
    pub(super) call: Call,
    /// Its length, which follows from the round's shape.
    pub(super) total_bytes: u64,
}

/// Fetches an object; a stream that breaks is resumed where it broke, at another node if need be. The caller checks
/// the digest.
pub(super) async fn fetch<P: Part, A>(
    network: &Arc<Network>,
    object: Object,
    open: impl Fn(Channel, u64) -> A + Send,
    mut observe: impl FnMut(u64) + Send,
) -> Result<Vec<u8>, Error>
where
    A: Future<Output = Result<Response<Streaming<P>>, Status>> + Send,
{
    network.refresh_if_due();
    let mut quest = Quest::anywhere(network, object.call, network.settings().timeout);
    let mut assembly = Assembly::new(object);
    while !assembly.is_complete() {
        let (address, channel) = quest.connect().await?;
        let opened = open(channel, assembly.received());
        let Some(response) = quest.attempt(&address, opened).await? else { continue };
        let mut parts = response.into_inner();
        while !assembly.is_complete() {
            let patience = quest.attempt_timeout();
            let failure = match timeout(patience, parts.message()).await {
                Ok(Ok(Some(part))) => {
                    let (bytes, total_bytes) = part.into_part();
                    if assembly.add(&bytes, total_bytes)? {
                        quest.progressed();
                        observe(assembly.received());
                    }
                    continue;
                }
                Ok(Ok(None)) => Failure::Broken("the stream ended too soon".to_owned()),
                Ok(Err(status)) => Failure::from_status(&status),
                Err(_) => Failure::silent(patience),
            };
            quest.fail(&address, failure)?;
            break;
        }
    }
    Ok(assembly.bytes)
}

/// What has arrived of an object. Pure. Memory is taken as bytes arrive, not as a server announces them.
struct Assembly {
    object: Object,
    bytes: Vec<u8>,
}

impl Assembly {
    const fn new(object: Object) -> Self {
        Self { object, bytes: Vec::new() }
    }

    fn received(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn is_complete(&self) -> bool {
        self.received() == self.object.total_bytes
    }

    /// Appends a part. Whether it brought anything.
    fn add(&mut self, part: &[u8], total_bytes: u64) -> Result<bool, Error> {
        let Object { name, total_bytes: expected, .. } = self.object;
        if total_bytes != expected {
            return Err(Error::inconsistent(name, format!("{total_bytes} bytes long where {expected} are expected")));
        }
        if part.len() as u64 > expected - self.received() {
            return Err(Error::inconsistent(name, format!("longer than {expected} bytes")));
        }
        self.bytes.extend_from_slice(part);
        Ok(!part.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assembly() -> Assembly {
        Assembly::new(Object { name: "the hint", call: Call::reads("fetching the hint"), total_bytes: 5 })
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let mut assembly = assembly();
        assert!(assembly.add(b"abc", 5).expect("fits"));
        assert!(!assembly.add(b"", 5).expect("fits"));
        assert_eq!((assembly.received(), assembly.is_complete()), (3, false));
        assert!(assembly.add(b"de", 5).expect("fits"));
        assert!(assembly.is_complete());
        assert_eq!(assembly.bytes, b"abcde");
    }

    #[test]
    fn a_server_cannot_send_more_than_the_shape_says() {
        let mut assembly = assembly();
        assert!(assembly.add(b"abc", 6).is_err());
        assert!(assembly.add(b"abcdef", 5).is_err());
        assert!(assembly.add(b"abc", 5).is_ok());
        assert!(assembly.add(b"abc", 5).is_err());
        assert_eq!(assembly.bytes, b"abc");
    }
}
