//! The operator against a real API server: a file for each promise. See `silhouette_tests::kubernetes` for how it runs.

mod a_control_plane_answers;
mod carrying;
mod field_ownership;
mod looking;
mod one_operator_works;
mod plans_are_shown;
mod pod_templates_are_checked;
mod real_nodes;
mod specs;
