//! What there is to care for, the most urgent first. A concern proposes steps; whether one may be done now is the
//! guards' matter.

mod budget;
mod claims;
mod configuration;
mod finish;
mod found;
mod grow;
mod members;
mod protect;
mod remember;
mod replace;
mod roll;
mod shrink;
mod size;
mod unstick;

use super::{Situation, Step};

/// A concern.
type Concern = fn(&Situation<'_>) -> Vec<Step>;

/// All of them, in order. A pod that cannot run comes early, so that a bad image that was taken back always rolls.
pub(super) const CONCERNS: [Concern; 10] = [
    protect::protect,
    remember::remember,
    unstick::unstick,
    replace::replace,
    finish::finish,
    shrink::shrink,
    found::found,
    grow::grow,
    configuration::configure,
    roll::roll,
];
