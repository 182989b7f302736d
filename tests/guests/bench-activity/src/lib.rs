//! An activity that does nothing but what a benchmark measures.

use wrt_sdk::{Result, activity};

/// Adds one.
#[activity]
fn increment(value: u32) -> Result<u32> {
    Ok(value + 1)
}

wrt_sdk::export_activities!(increment);
