//! A client's work: a query for a key, and the value that the answer to it holds.
//!
//! A query is, row by row, `a_i s + e + 2^24 c`: the part that hides, the error, and the key's 0/1 coefficients. The
//! answer to it decrypts to the decoded row of *every* shard; the client keeps the one of its key's shard. So a query
//! tells neither rows nor shard, and no list of keys is needed.
//!
//! Length and making of a query depend on the plan alone, and so do the steps of opening an answer up to the row's tag.

use std::fmt;
use std::sync::Arc;

use silhouette_okvs::{Parameters, Probe};
use subtle::{ConditionallySelectable, ConstantTimeEq};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::band::Selection;
use crate::hint::Hint;
use crate::lwe::{DIGIT_BITS, DIGIT_SHIFT, DIMENSION};
use crate::matrix::PublicMatrix;
use crate::pack::{PackError, pack, round, unpack};
use crate::plan::Plan;
use crate::ring::Spectrum;
use crate::secret::{QuerySeed, Secret};

/// Why a client cannot query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Parameters of another shape than the plan.
    #[error("parameters have another shape than the plan")]
    OtherShape,
    /// A hint of other dimensions than the plan.
    #[error("hint has other dimensions than the plan")]
    OtherHint,
    /// The operating system gives no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(#[from] getrandom::Error),
}

/// Why bytes are not an answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Fewer or more bytes than the plan says.
    #[error("answer of {found} bytes where {expected} are expected")]
    Length {
        /// Bytes that an answer of this plan has.
        expected: u64,
        /// Bytes given.
        found: u64,
    },
    /// Bits beyond the last word that are not zero.
    #[error("answer has stray bits after its last word")]
    StrayBits,
}

/// The client's side of a round; cheap to clone.
#[derive(Clone)]
pub struct Client {
    round: Arc<Round>,
}

struct Round {
    plan: Plan,
    parameters: Parameters,
    hint: Hint,
    matrix: Vec<Spectrum>,
}

impl Client {
    /// A client of the round with this plan, these parameters and this hint.
    ///
    /// # Errors
    /// [`ClientError::OtherShape`] or [`ClientError::OtherHint`] if they do not belong together.
    pub fn new(plan: Plan, parameters: Parameters, hint: Hint) -> Result<Self, ClientError> {
        if parameters.shape() != plan.shape() {
            return Err(ClientError::OtherShape);
        }
        if !hint.fits(&plan) {
            return Err(ClientError::OtherHint);
        }
        let matrix = PublicMatrix::expand(parameters.hash_seed(), plan.rows()).spectra();
        Ok(Self { round: Arc::new(Round { plan, parameters, hint, matrix }) })
    }

    /// A query for `key`, and what opens the answer to it. Takes milliseconds.
    ///
    /// Each call has a secret of its own. To repeat a request, send the same bytes again: an answer opens once.
    ///
    /// # Errors
    /// [`ClientError::Randomness`] if the operating system gives none.
    pub fn query(&self, key: &[u8]) -> Result<(Vec<u8>, PendingAnswer), ClientError> {
        Ok(self.query_from(key, QuerySeed::draw()?))
    }

    /// The query that follows from a seed, which must never make another.
    pub(crate) fn query_from(&self, key: &[u8], seed: QuerySeed) -> (Vec<u8>, PendingAnswer) {
        let Round { plan, parameters, matrix, .. } = &*self.round;
        let rows = plan.rows();
        let probe = parameters.probe(key);
        let selection = Selection::place(&probe, rows);
        let (secret, errors) = seed.expand(plan.lwe().sigma(), rows);

        let spectrum = Spectrum::of(secret.coefficients().iter().copied());
        let mut hiding = Spectrum::zero();
        let mut words = Zeroizing::new(Vec::with_capacity(matrix.len() * DIMENSION));
        for block in matrix {
            hiding.set_product(block, &spectrum);
            words.extend(hiding.transform_back());
        }
        words.truncate(rows);
        for ((word, error), coefficient) in words.iter_mut().zip(&*errors).zip(selection.bits()) {
            *word = word.wrapping_add(error.cast_unsigned()).wrapping_add(coefficient << DIGIT_SHIFT);
        }
        let query = pack(&words, plan.lwe().query_bits());
        (query, PendingAnswer { round: Arc::clone(&self.round), secret, probe })
    }
}

/// What opens the answer to one query: its secret and its key's place. Wiped when dropped.
pub struct PendingAnswer {
    round: Arc<Round>,
    secret: Secret,
    probe: Probe,
}

impl PendingAnswer {
    /// Opens the answer: the key's value, or `None` if it was never published.
    ///
    /// An answer that a node made up opens to `None` or, in rounds that are not blinded, to a value of its choice.
    ///
    /// # Errors
    /// [`AnswerError`] if the bytes are not an answer of this plan.
    pub fn open(self, answer: &[u8]) -> Result<Option<Vec<u8>>, AnswerError> {
        let phases = self.phases(answer)?;
        let row_bytes = self.round.plan.shape().row_bytes() as usize;
        let mut row = Zeroizing::new(vec![0_u8; row_bytes]);
        for (shard, phases) in (0..).zip(phases.chunks_exact(row_bytes)) {
            let own = self.probe.shard().ct_eq(&shard);
            for (byte, phase) in row.iter_mut().zip(phases) {
                byte.conditional_assign(&(round(*phase, DIGIT_BITS) as u8), own);
            }
        }
        Ok(self.probe.open(&row))
    }

    /// What the answer decrypts to: for each column its digit, scaled, and the noise.
    fn phases(&self, answer: &[u8]) -> Result<Zeroizing<Vec<u32>>, AnswerError> {
        let Round { plan, hint, .. } = &*self.round;
        let words = unpack(answer, plan.columns(), plan.lwe().answer_bits()).map_err(|error| match error {
            PackError::Length => AnswerError::Length { expected: plan.answer_bytes(), found: answer.len() as u64 },
            PackError::StrayBits => AnswerError::StrayBits,
        })?;
        let phases =
            words.iter().zip(hint.columns()).map(|(word, column)| word.wrapping_sub(self.secret.inner_product(column)));
        Ok(Zeroizing::new(phases.collect()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Client").field("plan", &self.round.plan).finish_non_exhaustive()
    }
}

impl fmt::Debug for PendingAnswer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PendingAnswer(redacted)")
    }
}

#[cfg(test)]
mod tests;
