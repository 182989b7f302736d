//! The process and the command line.
fn main() {}
