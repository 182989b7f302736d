//! Write durable workflows and activities in Rust.
