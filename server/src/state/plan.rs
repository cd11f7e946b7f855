//! Stands in for the planner of `silhouette-pir` until that crate has it.

use silhouette_okvs::{Shape, ValueLayout};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sigma {
    Sixteen,
    ThirtyTwo,
}
impl Sigma {
    pub(super) fn value(&self) -> u32 {
        match self {
            Self::Sixteen => 16,
            Self::ThirtyTwo => 32,
        }
    }
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LweParameters {
    sigma: Sigma,
    q: u32,
    h: u32,
    a: u32,
}
impl LweParameters {
    pub(super) fn new(sigma: Sigma, q: u32, h: u32, a: u32) -> Result<Self, PlanError> {
        if (q, h, a) == (26, 21, 16) { Ok(Self { sigma, q, h, a }) } else { Err(PlanError) }
    }
    pub(super) fn sigma(&self) -> Sigma {
        self.sigma
    }
    pub(super) fn query_bits(&self) -> u32 {
        self.q
    }
    pub(super) fn hint_bits(&self) -> u32 {
        self.h
    }
    pub(super) fn answer_bits(&self) -> u32 {
        self.a
    }
}
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no plan")]
pub(super) struct PlanError;
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    shape: Shape,
    lwe: LweParameters,
}
impl Plan {
    pub(super) fn new(capacity: u64, values: ValueLayout, _k: u32) -> Result<Plan, PlanError> {
        let shape = Shape::plan(capacity, (capacity / 45_000).max(1) as u32, values).map_err(|_| PlanError)?;
        Self::from_parts(shape, LweParameters::new(Sigma::ThirtyTwo, 26, 21, 16)?)
    }
    pub(super) fn from_parts(shape: Shape, lwe: LweParameters) -> Result<Plan, PlanError> {
        if shape.rows_per_shard() < 80_575 { Ok(Plan { shape, lwe }) } else { Err(PlanError) }
    }
    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }
    pub(super) fn lwe(&self) -> &LweParameters {
        &self.lwe
    }
    pub(super) fn hint_bytes(&self) -> u64 {
        2688 * u64::from(self.shape.shards()) * u64::from(self.shape.row_bytes())
    }
    pub(super) fn encoding_bytes(&self) -> u64 {
        self.shape.cell_bytes() + 100
    }
    pub(super) fn matrix_bytes(&self) -> u64 {
        self.shape.cell_bytes()
    }
}
