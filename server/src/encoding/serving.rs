//! Sending files to peers.

use std::{ops::Deref, sync::Arc};

use bytes::Bytes;
use futures::stream;
use silhouette_proto::v1::{EncodingFile, FetchEncodingRequest, FetchEncodingResponse};

use super::HeldRound;
use crate::{
    ids::{Digest, RoundUid},
    service::refusal::{AddressBook, Refusal, RoundName},
    state::State,
    transport::EncodingStream,
};

/// Streams a file of a held round from an offset, in parts of so many bytes.
pub(super) fn fetch<S: Deref<Target = State>>(
    request: &FetchEncodingRequest,
    held: impl FnOnce(RoundUid) -> Option<Arc<HeldRound>>,
    state: impl FnOnce() -> S,
    part_bytes: usize,
) -> Result<EncodingStream, Refusal> {
    let uid: RoundUid =
        request.round_uid.parse().map_err(|_| Refusal::field("round_uid", "must be 32 hexadecimal digits"))?;
    let digest = Digest::try_from(&request.digest[..]).map_err(|_| Refusal::field("digest", "must be 32 bytes"))?;
    let Some(round) = held(uid) else { return Err(not_held(&state(), uid)) };
    let (file, found) = match request.file() {
        EncodingFile::Encoding => (round.encoding(), round.encoding_digest()),
        EncodingFile::Hint => (round.hint(), round.hint_digest()),
        EncodingFile::Unspecified => return Err(Refusal::field("file", "must be the encoding or the hint")),
    };
    if digest != found {
        let refusal = match state().live_round(uid) {
            Some(round) => Refusal::EncodingMismatch { id: round.id().clone() },
            None => Refusal::RoundNotFound { round: RoundName::Uid(uid) },
        };
        return Err(refusal);
    }
    let total = file.len() as u64;
    if request.offset > total {
        return Err(Refusal::OffsetOutOfRange { offset: request.offset, total });
    }
    Ok(Box::pin(stream::iter(parts(file, request.offset as usize, part_bytes).map(Ok))))
}

/// A file from an offset on, in parts that share its memory.
fn parts(file: Bytes, offset: usize, part_bytes: usize) -> impl Iterator<Item = FetchEncodingResponse> + Send {
    let total_bytes = file.len() as u64;
    (offset..file.len()).step_by(part_bytes).map(move |from| {
        let to = from.saturating_add(part_bytes).min(file.len());
        FetchEncodingResponse { part: file.slice(from..to), total_bytes }
    })
}

fn not_held(state: &State, uid: RoundUid) -> Refusal {
    let Some(round) = state.live_round(uid) else {
        return Refusal::RoundNotFound { round: RoundName::Uid(uid) };
    };
    let holders = round.ready().into_iter().flat_map(|held| &held.held_by);
    let holders = holders.filter_map(|member| state.client_address(*member)).collect();
    Refusal::RoundNotHeld { id: round.id().clone(), holders }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::refusal::Reason;

    fn sent(offset: usize, part_bytes: usize) -> Vec<Vec<u8>> {
        let parts = parts(Bytes::from_static(b"encoding"), offset, part_bytes);
        parts.map(|part| part.part.to_vec()).collect()
    }

    #[test]
    fn a_file_is_sent_in_parts_from_any_offset() {
        assert_eq!(sent(0, 3), [b"enc".to_vec(), b"odi".to_vec(), b"ng".to_vec()]);
        assert_eq!(sent(5, 3), [b"ing".to_vec()]);
        assert_eq!(sent(0, 100), [b"encoding".to_vec()]);
        assert!(sent(8, 3).is_empty());
    }

    #[test]
    fn a_round_that_is_not_known_and_a_request_that_names_none_are_refused() {
        let state = || Box::new(State::empty("demo".parse().expect("a cluster id")));
        let reason = |request: &FetchEncodingRequest| fetch(request, |_| None, state, 1).err().map(|why| why.reason());
        let digest = Bytes::from_static(&[0; 32]);
        let request = FetchEncodingRequest {
            round_uid: RoundUid([1; 16]).to_string(),
            digest,
            ..FetchEncodingRequest::default()
        };
        assert_eq!(reason(&request), Some(Reason::RoundNotFound));
        assert_eq!(reason(&FetchEncodingRequest::default()), Some(Reason::InvalidRequest));
    }

    #[test]
    fn every_part_says_how_long_the_file_is() {
        assert!(parts(Bytes::from_static(b"encoding"), 2, 1).all(|part| part.total_bytes == 8));
    }
}
