//! The memory: the only writer of durable state.
