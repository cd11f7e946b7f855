//! Carries out one step.
