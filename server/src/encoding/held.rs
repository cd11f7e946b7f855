//! A round's encoding in memory: what answers queries and downloads.

use std::num::NonZeroUsize;

use bytes::Bytes;
use silhouette_pir::{Database, Plan, QueryError, hint_digest, okvs};

use super::checksum::Checksums;
use crate::ids::{Digest, RoundUid};

/// Why files are not the encoding of a round.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitError {
    /// The file is no encoding.
    #[error("encoding file: {0}")]
    Format(#[from] okvs::FormatError),
    /// The encoding has another shape than the round's plan.
    #[error("the encoding has another shape than its round")]
    Shape,
    /// The file has another digest than the members agreed on.
    #[error("the {file} has digest {found} instead of {agreed}")]
    Digest {
        /// Which file.
        file: &'static str,
        /// Digest of the file.
        found: Digest,
        /// Digest that it should have.
        agreed: Digest,
    },
}

/// A Ready round in memory.
pub struct HeldRound {
    uid: RoundUid,
    plan: Plan,
    parameters: okvs::Parameters,
    database: Database,
    encoding: Bytes,
    encoding_digest: Digest,
    hint: Bytes,
    hint_digest: Digest,
    checksums: Checksums,
}

impl HeldRound {
    /// Computes the hint of a finished encoding on so many threads.
    pub(super) fn make(
        uid: RoundUid,
        plan: &Plan,
        encoding: &okvs::Encoding,
        threads: NonZeroUsize,
    ) -> Result<Self, UnfitError> {
        let database = Database::new(plan, encoding).map_err(|_| UnfitError::Shape)?;
        let hint = database.hint(threads).to_bytes();
        let encoded: Bytes = encoding.to_bytes().into();
        Ok(Self {
            uid,
            plan: *plan,
            parameters: *encoding.parameters(),
            checksums: Checksums::take(&encoded, &hint, &database),
            database,
            encoding: encoded,
            encoding_digest: Digest(encoding.digest()),
            hint_digest: Digest(hint_digest(&hint)),
            hint: hint.into(),
        })
    }

    /// Reads the two files, which must have these digests. A missing hint is computed anew on so many threads.
    pub(super) fn read(
        uid: RoundUid,
        plan: &Plan,
        (encoding_file, encoding_digest): (Bytes, Digest),
        (hint_file, agreed_hint): (Option<Bytes>, Digest),
        threads: NonZeroUsize,
    ) -> Result<Self, UnfitError> {
        let encoding = okvs::Encoding::from_bytes(&encoding_file)?;
        check("encoding", Digest(encoding.digest()), encoding_digest)?;
        let database = Database::new(plan, &encoding).map_err(|_| UnfitError::Shape)?;
        let hint = hint_file.unwrap_or_else(|| database.hint(threads).to_bytes().into());
        check("hint", Digest(hint_digest(&hint)), agreed_hint)?;
        let parameters = *encoding.parameters();
        Ok(Self {
            uid,
            plan: *plan,
            parameters,
            checksums: Checksums::take(&encoding_file, &hint, &database),
            database,
            encoding: encoding_file,
            encoding_digest,
            hint,
            hint_digest: agreed_hint,
        })
    }

    /// The round.
    pub fn uid(&self) -> RoundUid {
        self.uid
    }

    /// Its dimensions and noise parameters.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What locates and opens keys: shape, seed, attempt.
    pub fn parameters(&self) -> &okvs::Parameters {
        &self.parameters
    }

    /// Digest of the encoding.
    pub fn encoding_digest(&self) -> Digest {
        self.encoding_digest
    }

    /// Digest of the hint.
    pub fn hint_digest(&self) -> Digest {
        self.hint_digest
    }

    /// The encoding's file.
    pub fn encoding(&self) -> Bytes {
        self.encoding.clone()
    }

    /// The hint's file.
    pub fn hint(&self) -> Bytes {
        self.hint.clone()
    }

    /// What it was when it was loaded.
    pub(super) fn checksums(&self) -> Checksums {
        self.checksums
    }

    /// The same, as if it had been so when it was loaded.
    #[cfg(test)]
    pub(super) fn loaded_as(self, checksums: Checksums) -> Self {
        Self { checksums, ..self }
    }

    /// The matrix.
    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// Answers queries: one pass over the matrix, for all of them. Blocks for milliseconds.
    pub fn answer_many(&self, queries: &[&[u8]]) -> Vec<Result<Vec<u8>, QueryError>> {
        self.database.answer_many(queries)
    }
}

/// Whether a file's digest is the one that was agreed on.
fn check(file: &'static str, found: Digest, agreed: Digest) -> Result<(), UnfitError> {
    if found == agreed { Ok(()) } else { Err(UnfitError::Digest { file, found, agreed }) }
}
