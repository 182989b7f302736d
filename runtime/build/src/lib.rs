//! The workshop: turns sources into components.
//!
//! JavaScript and TypeScript need no toolchain: the engine that runs them, and the SDK, are in here. Everything that they
//! import is found ([`javascript::graph`]), made into what the engine reads ([`javascript::transpile`]), and evaluated in an
//! instance whose memory becomes the component ([`javascript::snapshot`]).

mod error;
pub mod javascript;

pub use error::BuildError;
