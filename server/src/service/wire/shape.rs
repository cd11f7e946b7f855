//! The public description of an encoded round.

use silhouette_pir::{
    Plan,
    okvs::{Parameters, ValueLayout},
};
use silhouette_proto::v1;

use super::spec::downloads;
use crate::{
    ids::{Digest, RoundUid},
    state::Downloads,
};

/// What a description is made of.
#[derive(Debug, Clone, Copy)]
pub(in crate::service) struct Description<'a> {
    /// The round.
    pub(in crate::service) uid: RoundUid,
    /// Dimensions and noise parameters.
    pub(in crate::service) plan: &'a Plan,
    /// Seed and attempt.
    pub(in crate::service) parameters: &'a Parameters,
    /// Digest of the encoding.
    pub(in crate::service) encoding: Digest,
    /// Digest of the hint.
    pub(in crate::service) hint: Digest,
    /// How many keys a client typically looks up.
    pub(in crate::service) expected_lookups: u32,
    /// Whether the encoding may be downloaded.
    pub(in crate::service) downloads: Downloads,
}

/// A description as a message.
pub(in crate::service) fn shape(description: &Description<'_>) -> v1::Shape {
    let Description { uid, plan, parameters, encoding, hint, expected_lookups, downloads: allowed } = *description;
    let (shape, lwe) = (plan.shape(), plan.lwe());
    v1::Shape {
        round_uid: uid.to_string(),
        capacity: shape.capacity(),
        shards: shape.shards(),
        rows_per_shard: shape.rows_per_shard(),
        band_width: shape.band_width(),
        value_length: Some(match shape.values() {
            ValueLayout::Variable { max_bytes } => v1::shape::ValueLength::MaxValueBytes(max_bytes),
            ValueLayout::Fixed { bytes } => v1::shape::ValueLength::FixedValueBytes(bytes),
        }),
        sigma: lwe.sigma().value(),
        query_bits: lwe.query_bits(),
        hint_bits: lwe.hint_bits(),
        answer_bits: lwe.answer_bits(),
        hash_seed: parameters.hash_seed().as_bytes().to_vec().into(),
        attempt: parameters.attempt().into(),
        encoding_digest: encoding.0.to_vec().into(),
        hint_digest: hint.0.to_vec().into(),
        expected_lookups,
        downloads: downloads(allowed).into(),
        encoding_bytes: plan.encoding_bytes(),
        hint_bytes: plan.hint_bytes(),
    }
}
