//! Tells people: the status of the resource, and events.
