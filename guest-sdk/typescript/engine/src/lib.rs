//! The component that runs JavaScript: QuickJS with the contract of wrt as its only window to the world.
//!
//! It is built twice over. Compiled, it holds no program and exports [`loader`]; a program is then loaded into an instance of
//! it, and the memory of that instance becomes the component that is deployed. So no module is evaluated when a run begins.

mod activity;
mod bindings;
mod compile;
mod convert;
mod globals;
mod host;
mod io;
mod loader;
mod memory;
mod position;
mod rejections;
mod script;
mod workflow;

/// What implements the exports.
struct Engine;

bindings::export!(Engine with_types_in bindings);
