//! `PublishBatch`: a whole small publication in one message.

use prost::Message;
use silhouette_proto::{
    content_digest, pair_digest,
    v1::{self, Pair, PublishChunk},
};

use super::publish::{Standing, admit, append, publish_staged};
use crate::{
    ids::{Digest, UploadId},
    node::Member,
    service::{
        agreement::random,
        refusal::Refusal,
        validate::{Commit, Header},
    },
};

/// Most bytes of pairs of a batch; more is streamed, in chunks that hold up nobody.
const MAX_BATCH_BYTES: usize = 1 << 20;
/// Bytes of pairs of a chunk, if the cluster allows as many: as large as streamed ones.
const CHUNK_BYTES: usize = 256 << 10;
/// What the chunk's number adds to its pairs, at most.
const SEQUENCE_BYTES: usize = 16;

/// Publishes a batch as an upload of its own.
pub(super) async fn publish(
    member: Member,
    request: v1::PublishBatchRequest,
) -> Result<v1::PublishBatchResponse, Refusal> {
    let header = Header::of_batch(&request, UploadId(random()?))?;
    check_size(&request.pairs)?;
    member.settle().await?;
    let admitted = admit(&member.consensus.state(), &header)?;
    let digest = digest(&request.pairs);
    let pairs = request.pairs.len() as u64;
    let room = CHUNK_BYTES.min(admitted.limits.max_chunk_bytes as usize).saturating_sub(SEQUENCE_BYTES);
    let chunks = cut(request.pairs, room);
    let commit = Commit { chunks: chunks.len() as u64, pairs, digest };
    // All pairs are checked before any is proposed.
    let appends = chunks.iter().map(|chunk| append(&header, &admitted, chunk)).collect::<Result<Vec<_>, _>>()?;
    if admitted.standing == Standing::Publishing {
        for append in appends {
            member.propose(append).await?;
        }
    }
    let already = publish_staged(&member, &header, admitted.standing, commit).await?;
    Ok(v1::PublishBatchResponse { already })
}

fn check_size(pairs: &[Pair]) -> Result<(), Refusal> {
    let bytes: usize = pairs.iter().map(framed_bytes).sum();
    if bytes <= MAX_BATCH_BYTES {
        return Ok(());
    }
    Err(Refusal::field("pairs", format!("a batch holds at most {MAX_BATCH_BYTES} bytes of pairs; stream more of them")))
}

/// Bytes of a pair within a message.
fn framed_bytes(pair: &Pair) -> usize {
    let bytes = pair.encoded_len();
    1 + prost::length_delimiter_len(bytes) + bytes
}

/// The content digest of a publication of these pairs.
fn digest(pairs: &[Pair]) -> Digest {
    let mut digests: Vec<_> = pairs.iter().map(|pair| pair_digest(&pair.key, &pair.value)).collect();
    Digest(content_digest(&mut digests))
}

/// Cuts pairs into chunks of at most `room` bytes; a pair that is longer has one of its own.
fn cut(pairs: Vec<Pair>, room: usize) -> Vec<PublishChunk> {
    let mut chunks: Vec<PublishChunk> = Vec::new();
    let mut left = 0;
    for pair in pairs {
        let bytes = framed_bytes(&pair);
        match chunks.last_mut() {
            Some(chunk) if bytes <= left => {
                left -= bytes;
                chunk.pairs.push(pair);
            }
            _ => {
                left = room.saturating_sub(bytes);
                chunks.push(PublishChunk { sequence: chunks.len() as u64, pairs: vec![pair] });
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(lengths: impl IntoIterator<Item = usize>) -> Vec<Pair> {
        (0..)
            .zip(lengths)
            .map(|(n, length): (u32, _)| Pair { key: n.to_be_bytes().to_vec().into(), value: vec![7; length].into() })
            .collect()
    }

    #[test]
    fn every_pair_is_in_one_chunk_that_fits() {
        let all = pairs((0..1_000).map(|n| n % 50));
        let chunks = cut(all.clone(), 500);
        assert!(chunks.len() > 10);
        for (sequence, chunk) in (0..).zip(&chunks) {
            assert_eq!(chunk.sequence, sequence);
            assert!(chunk.encoded_len() <= 500 + SEQUENCE_BYTES, "{} bytes", chunk.encoded_len());
        }
        let sent: Vec<Pair> = chunks.into_iter().flat_map(|chunk| chunk.pairs).collect();
        assert_eq!(sent, all);
    }

    #[test]
    fn a_pair_that_is_too_long_has_a_chunk_of_its_own() {
        let sizes: Vec<usize> = cut(pairs([1, 1_000, 1]), 100).iter().map(|chunk| chunk.pairs.len()).collect();
        assert_eq!(sizes, [1, 1, 1]);
    }

    #[test]
    fn nothing_is_a_publication_too() {
        assert_eq!(cut(Vec::new(), 100), []);
        assert_eq!(digest(&[]), Digest(content_digest(&mut [])));
    }

    #[test]
    fn a_batch_is_as_large_as_the_protocol_says() {
        assert!(check_size(&pairs([MAX_BATCH_BYTES - 100])).is_ok());
        assert!(check_size(&pairs([MAX_BATCH_BYTES])).is_err());
        assert!(check_size(&pairs([600 << 10, 600 << 10])).is_err());
    }
}
