//! Single-server private information retrieval from ring-LWE, by keyword, over an oblivious key-value store.

#![expect(missing_docs, clippy::todo, unused, reason = "interface")]

pub use silhouette_okvs as okvs;

use silhouette_okvs::{Encoding, Parameters, Shape, ValueLayout};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sigma { Sixteen, ThirtyTwo }
impl Sigma { pub const fn value(self) -> u32 { todo!() } }

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LweParameters {}
impl LweParameters {
    pub fn new(sigma: Sigma, query_bits: u32, hint_bits: u32, answer_bits: u32) -> Result<Self, PlanError> { todo!() }
    pub const fn sigma(&self) -> Sigma { todo!() }
    pub const fn query_bits(&self) -> u32 { todo!() }
    pub const fn hint_bits(&self) -> u32 { todo!() }
    pub const fn answer_bits(&self) -> u32 { todo!() }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no plan")]
pub struct PlanError;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {}
impl Plan {
    pub fn new(capacity: u64, values: ValueLayout, expected_lookups: u32) -> Result<Self, PlanError> { todo!() }
    pub fn from_parts(shape: Shape, lwe: LweParameters) -> Result<Self, PlanError> { todo!() }
    pub const fn shape(&self) -> &Shape { todo!() }
    pub const fn lwe(&self) -> &LweParameters { todo!() }
    pub fn query_bytes(&self) -> u64 { todo!() }
    pub fn answer_bytes(&self) -> u64 { todo!() }
    pub fn hint_bytes(&self) -> u64 { todo!() }
    pub fn encoding_bytes(&self) -> u64 { todo!() }
    /// Memory of the tiled matrix.
    pub fn matrix_bytes(&self) -> u64 { todo!() }
    /// Whether the exact column norms keep the noise bound: the `accept` of `okvs::encode`.
    pub fn accepts(&self, encoding: &Encoding) -> bool { todo!() }
}

pub fn padded_lookups(keys: u64, expected_lookups: u32) -> u64 { todo!() }

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method { Queries, Download }
/// Which takes fewer bytes; the hint is counted.
pub fn choose_method(plan: &Plan, lookups: u64, downloads_allowed: bool) -> Method { todo!() }

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad hint")]
pub struct HintError;
#[derive(Clone)]
pub struct Hint {}
impl Hint {
    pub fn from_bytes(plan: &Plan, bytes: &[u8]) -> Result<Self, HintError> { todo!() }
    pub fn to_bytes(&self) -> Vec<u8> { todo!() }
}
/// BLAKE3 of a hint's file, domain-separated.
pub fn hint_digest(bytes: &[u8]) -> [u8; 32] { todo!() }

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    #[error("a query of {found} bytes where {expected} are expected")]
    Length { expected: u64, found: u64 },
    #[error("stray bits after the query's last word")]
    StrayBits,
}

/// The server's matrix, tiled.
pub struct Database {}
impl Database {
    pub fn new(plan: &Plan, encoding: &Encoding) -> Result<Self, PlanError> { todo!() }
    pub fn hint(&self, threads: std::num::NonZeroUsize) -> Hint { todo!() }
    pub fn answer(&self, query: &[u8]) -> Result<Vec<u8>, QueryError> { todo!() }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("client")]
pub struct ClientError;
/// The client's side of a round; cheap to clone.
#[derive(Clone)]
pub struct Client {}
impl Client {
    pub fn new(plan: Plan, parameters: Parameters, hint: Hint) -> Result<Self, ClientError> { todo!() }
    pub fn query(&self, key: &[u8]) -> Result<(Vec<u8>, PendingAnswer), ClientError> { todo!() }
}
/// The secret of one query, consumed by its answer.
pub struct PendingAnswer {}
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("bad answer")]
pub struct AnswerError;
impl PendingAnswer {
    pub fn open(self, answer: &[u8]) -> Result<Option<Vec<u8>>, AnswerError> { todo!() }
}
