//! The documentation, read as a test reads it: every command in it runs, every link in it leads somewhere.
//!
//! A fenced block of language `console` is a terminal session: lines that begin with `$ ` (and the lines that continue
//! them) are typed in one shell a page, from top to bottom, and what is shown beneath must be printed; `...` in it
//! stands for what varies. Where nothing is shown, nothing is compared. A command that fails fails the test. Blocks of
//! other languages are not run.

pub mod blocks;
pub mod expectation;
pub mod links;
pub mod page;
pub mod session;

#[cfg(test)]
mod tests;
