//! The operator against a real API server: a file for each promise. See `silhouette_tests::kubernetes` for how it runs.

mod a_control_plane_answers;
mod real_nodes;
mod specs;
mod carrying;
