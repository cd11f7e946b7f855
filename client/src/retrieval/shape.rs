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
