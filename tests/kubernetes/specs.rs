//! Which specs the API server takes, and with which sentence it refuses the others: the rules of the definition, as it
//! understands them.

mod accepted;
mod case;
mod changed;
mod refused;
mod scaled;
mod seen;
mod unknown_fields;
