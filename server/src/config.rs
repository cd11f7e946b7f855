//! How a node is configured: defaults, one YAML file over them, flags over both.
//!
//! Every key has a default but `storage.data_dir`. Unknown keys are errors that name the nearest known one.
//! `silhouette-server --print-config` prints what results.

mod arguments;
mod duration;
mod error;
mod file;
mod keys;
mod sections;
mod settings;

pub use arguments::Arguments;
pub use error::ConfigurationError;
pub use sections::{
    Configuration, EncodingSection, EndpointSection, LimitsSection, LivenessSection, LogFormat, LogSection,
    MemorySection, PublishingSection, RaftSection, ReadinessSection, RetrievalSection, ShutdownSection, StorageSection,
    WatchingSection,
};
pub use settings::{Endpoint, Settings};
