//! How a node is configured: defaults, one YAML file over them, variables of the environment over both, flags over all.
//!
//! Every key has a default but `storage.data_dir`. Unknown keys and variables are errors that name the nearest known
//! one, and everything that is wrong is named at once, with where it was given. `silhouette-server --print-config`
//! prints what results; `docs/configuration.md` is generated from the types here. All of it is read once, when the node
//! starts.

mod arguments;
mod checks;
mod duration;
mod effective;
mod environment;
mod error;
mod file;
mod keys;
mod kind;
mod layers;
mod origin;
mod reference;
mod sections;
mod settings;
#[cfg(test)]
mod tests;
mod yaml;

pub use arguments::Arguments;
use duration::WithUnit;
pub use effective::{Effective, Origins};
pub use error::{ConfigurationError, Problem};
pub use origin::Origin;
pub use reference::reference;
pub use sections::{
    Configuration, EncodingSection, EndpointSection, LimitsSection, LivenessSection, LogFormat, LogSection,
    MemorySection, PublishingSection, RaftSection, ReadinessSection, RetrievalSection, ShutdownSection, StorageSection,
    WatchingSection,
};
pub use settings::{Endpoint, Settings};
