//! What a member does by itself, without being called.
//!
//! * [`lead`]: while it leads, it proposes what the state says is due: seals, deadlines, shreds, the end of retention,
//!   and ticks of cluster time where nothing else moves it;
//! * [`register`]: it tells the cluster where it is reached, what it can encode and how much memory it offers;
//! * [`observe_rounds`]: it measures how long sealed rounds take to become Ready.

mod lead;
mod registration;
mod rounds;
mod voices;

pub(crate) use lead::lead;
pub(crate) use registration::register;
pub(crate) use rounds::observe_rounds;
