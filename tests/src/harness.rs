//! Real server processes on loopback ports (or in network namespaces), and everything that is done to them.

pub mod addresses;
pub mod binaries;
pub mod cluster;
pub mod collector;
pub mod configuration;
pub mod control;
pub mod damage;
pub mod faults;
pub mod frames;
pub mod isolation;
pub mod load;
pub mod node;
pub mod probe;
pub mod process;
pub mod rounds;
pub mod search;
pub mod states;
pub mod waiting;
pub mod wire;
pub mod witnesses;
