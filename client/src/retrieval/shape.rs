//! A round's public description, checked.

use silhouette_pir::{LweParameters, Plan, Sigma, okvs};
use silhouette_proto::v1;

use crate::{
    Digest, Downloads, Error, RoundUid, ValueLength,
    rounds::{downloads_from_wire, read_uid},
};

/// More lookups are never expected of a client; a description that says otherwise would have it send without end.
const MAX_EXPECTED_LOOKUPS: u32 = 1 << 16;
const OBJECT: &str = "the round's description";

/// What is public of a round that can be read: all that a client needs to ask, and to decide how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    uid: RoundUid,
    plan: Plan,
    parameters: okvs::Parameters,
    encoding_digest: Digest,
    hint_digest: Digest,
    expected_lookups: u32,
    downloads: Downloads,
}

impl Shape {
    /// Reads a description off the wire. Whatever follows from something else in it must be what follows.
    pub(crate) fn from_wire(shape: &v1::Shape) -> Result<Self, Error> {
        let wrong = |problem: String| Error::inconsistent(OBJECT, problem);
        let values = match shape.value_length {
            Some(v1::shape::ValueLength::MaxValueBytes(max_bytes)) => okvs::ValueLayout::Variable { max_bytes },
            Some(v1::shape::ValueLength::FixedValueBytes(bytes)) => okvs::ValueLayout::Fixed { bytes },
            None => return Err(wrong("it says nothing of the values' length".to_owned())),
        };
        let dimensions =
            okvs::Shape::plan(shape.capacity, shape.shards, values).map_err(|error| wrong(error.to_string()))?;
        let sigma = match shape.sigma {
            16 => Sigma::Sixteen,
            32 => Sigma::ThirtyTwo,
            other => return Err(wrong(format!("sigma {other} is neither 16 nor 32"))),
        };
        let lwe = LweParameters::new(sigma, shape.query_bits, shape.hint_bits, shape.answer_bits)
            .map_err(|error| wrong(error.to_string()))?;
        let plan = Plan::from_parts(dimensions, lwe).map_err(|error| wrong(error.to_string()))?;
        let seed = <[u8; okvs::SEED_BYTES]>::try_from(shape.hash_seed.as_ref())
            .map_err(|_| wrong(format!("a seed of {} bytes", shape.hash_seed.len())))?;
        let attempt = u8::try_from(shape.attempt).map_err(|_| wrong(format!("attempt {}", shape.attempt)))?;
        let parameters = okvs::Parameters::new(dimensions, okvs::HashSeed::from_bytes(seed), attempt)
            .map_err(|error| wrong(error.to_string()))?;
        let following: [(&str, u64, u64); 4] = [
            ("rows_per_shard", shape.rows_per_shard.into(), dimensions.rows_per_shard().into()),
            ("band_width", shape.band_width.into(), dimensions.band_width().into()),
            ("encoding_bytes", shape.encoding_bytes, plan.encoding_bytes()),
            ("hint_bytes", shape.hint_bytes, plan.hint_bytes()),
        ];
        if let Some((name, found, expected)) = following.into_iter().find(|(_, found, expected)| found != expected) {
            return Err(wrong(format!("{name} is {found} where {expected} follows from the rest")));
        }
        if !(1..=MAX_EXPECTED_LOOKUPS).contains(&shape.expected_lookups) {
            return Err(wrong(format!("{} expected lookups", shape.expected_lookups)));
        }
        Ok(Self {
            uid: read_uid(&shape.round_uid)?,
            plan,
            parameters,
            encoding_digest: Digest::read(&shape.encoding_digest, OBJECT)?,
            hint_digest: Digest::read(&shape.hint_digest, OBJECT)?,
            expected_lookups: shape.expected_lookups,
            downloads: downloads_from_wire(shape.downloads),
        })
    }

    /// The round.
    pub const fn uid(&self) -> RoundUid {
        self.uid
    }

    /// How many pairs the encoding has room for, dummies included.
    pub const fn capacity(&self) -> u64 {
        self.parameters.shape().capacity()
    }

    /// Independent stores, side by side as columns of the matrix.
    pub const fn shards(&self) -> u32 {
        self.parameters.shape().shards()
    }

    /// Rows of the matrix.
    pub const fn rows_per_shard(&self) -> u32 {
        self.parameters.shape().rows_per_shard()
    }

    /// Rows that add up to a key's value.
    pub const fn band_width(&self) -> u32 {
        self.parameters.shape().band_width()
    }

    /// How long values are.
    pub const fn value_length(&self) -> ValueLength {
        match self.parameters.shape().values() {
            okvs::ValueLayout::Variable { max_bytes } => ValueLength::UpTo(max_bytes),
            okvs::ValueLayout::Fixed { bytes } => ValueLength::Exactly(bytes),
        }
    }

    /// Standard deviation of the secret and the error that hide a query: 16 or 32.
    pub fn sigma(&self) -> u32 {
        self.plan.lwe().sigma().value()
    }

    /// Bytes of a query.
    pub fn query_bytes(&self) -> u64 {
        self.plan.query_bytes()
    }

    /// Bytes of an answer.
    pub fn answer_bytes(&self) -> u64 {
        self.plan.answer_bytes()
    }

    /// Bytes of the hint, fetched once before the first query.
    pub fn hint_bytes(&self) -> u64 {
        self.plan.hint_bytes()
    }

    /// Bytes of the masked encoding.
    pub fn encoding_bytes(&self) -> u64 {
        self.plan.encoding_bytes()
    }

    /// Digest of the masked encoding.
    pub const fn encoding_digest(&self) -> Digest {
        self.encoding_digest
    }

    /// Digest of the hint.
    pub const fn hint_digest(&self) -> Digest {
        self.hint_digest
    }

    /// Lookups are padded to the next multiple of this.
    pub const fn expected_lookups(&self) -> u32 {
        self.expected_lookups
    }

    /// Whether the masked encoding may be downloaded.
    pub const fn downloads(&self) -> Downloads {
        self.downloads
    }

    pub(crate) const fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) const fn parameters(&self) -> &okvs::Parameters {
        &self.parameters
    }
}

#[cfg(test)]
pub(super) mod tests {
    use silhouette_pir::okvs::{ValueLayout, public_capacity};

    use super::*;

    pub(in crate::retrieval) fn uid(seed: u8) -> RoundUid {
        RoundUid::from_bytes([seed; 16])
    }

    /// What a node says of a round of so many values of 8 bytes, whose seeds and digests follow from `seed`.
    pub(in crate::retrieval) fn wire(seed: u8, pairs: u64) -> v1::Shape {
        let capacity = public_capacity(pairs, None).expect("a capacity");
        let plan = Plan::new(capacity, ValueLayout::Fixed { bytes: 8 }, 6).expect("a plan");
        let (dimensions, lwe) = (plan.shape(), plan.lwe());
        v1::Shape {
            round_uid: uid(seed).to_string(),
            capacity: dimensions.capacity(),
            shards: dimensions.shards(),
            rows_per_shard: dimensions.rows_per_shard(),
            band_width: dimensions.band_width(),
            value_length: Some(v1::shape::ValueLength::FixedValueBytes(8)),
            sigma: lwe.sigma().value(),
            query_bits: lwe.query_bits(),
            hint_bits: lwe.hint_bits(),
            answer_bits: lwe.answer_bits(),
            hash_seed: vec![seed; 32].into(),
            attempt: 0,
            encoding_digest: vec![seed; 32].into(),
            hint_digest: vec![!seed; 32].into(),
            expected_lookups: 6,
            downloads: v1::Downloads::Allowed.into(),
            encoding_bytes: plan.encoding_bytes(),
            hint_bytes: plan.hint_bytes(),
        }
    }

    pub(in crate::retrieval) fn shape(seed: u8) -> Shape {
        Shape::from_wire(&wire(seed, 1_000)).expect("a description")
    }

    #[test]
    fn a_description_is_read_off_the_wire() {
        let (wire, shape) = (wire(7, 1_000), shape(7));
        assert_eq!(
            (shape.uid(), shape.capacity(), shape.value_length()),
            (uid(7), wire.capacity, ValueLength::Exactly(8))
        );
        assert_eq!((shape.hint_bytes(), shape.encoding_bytes()), (wire.hint_bytes, wire.encoding_bytes));
        assert_eq!(shape.encoding_digest().as_bytes(), &[7; 32]);
    }

    #[test]
    fn a_description_that_contradicts_itself_is_refused() {
        let good = wire(7, 1_000);
        let broken = [
            v1::Shape { rows_per_shard: good.rows_per_shard + 1, ..good.clone() },
            v1::Shape { band_width: good.band_width + 1, ..good.clone() },
            v1::Shape { encoding_bytes: good.encoding_bytes - 1, ..good.clone() },
            v1::Shape { hint_bytes: good.hint_bytes + 1, ..good.clone() },
            v1::Shape { shards: 0, ..good.clone() },
            v1::Shape { sigma: 8, ..good.clone() },
            v1::Shape { value_length: None, ..good.clone() },
            v1::Shape { hash_seed: vec![7; 31].into(), ..good.clone() },
            v1::Shape { encoding_digest: vec![7; 33].into(), ..good.clone() },
            v1::Shape { attempt: 256, ..good.clone() },
            v1::Shape { expected_lookups: 0, ..good.clone() },
            v1::Shape { expected_lookups: MAX_EXPECTED_LOOKUPS + 1, ..good.clone() },
            v1::Shape { round_uid: "r1".to_owned(), ..good },
        ];
        for (place, shape) in broken.iter().enumerate() {
            assert!(matches!(Shape::from_wire(shape), Err(Error::Inconsistent { .. })), "the {place}-th is accepted");
        }
    }
}
