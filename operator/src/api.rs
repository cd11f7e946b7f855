//! The `SilhouetteCluster` resource.
