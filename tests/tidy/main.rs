//! The rules that a reviewer would otherwise have to check by eye. Each test prints every offender.

mod deny;
mod rooms;
mod text;
mod wit;

use std::fmt::Display;

use cargo_metadata::{Metadata, MetadataCommand};

/// Fails, with the rule and whoever breaks it, unless there is nobody.
#[track_caller]
fn assert_none<T: Display>(rule: &str, offenders: impl IntoIterator<Item = T>) {
    let offenders: Vec<_> = offenders
        .into_iter()
        .map(|offender| format!("\n  {offender}"))
        .collect();
    assert!(offenders.is_empty(), "{rule}:{}", offenders.concat());
}

/// The workspace and everything that it depends on, on every platform.
fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(wrt_tests::root().join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .expect("cargo knows its workspace")
}
