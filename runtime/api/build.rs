//! Generates the services: Temporal's from the sources that `temporalio-protos` carries, `wrt.v1` from `proto/`. Needs no
//! `protoc`.
//!
//! That crate also offers descriptors, but these have lost the options of the calls, which say how each one is made over
//! HTTP.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use protox::Compiler;
use serde_json::Value;

/// The files that declare Temporal's services, and what travels in the details of errors.
const TEMPORAL: [&str; 4] = [
    "temporal/api/workflowservice/v1/service.proto",
    "temporal/api/operatorservice/v1/service.proto",
    "temporal/api/errordetails/v1/message.proto",
    "google/rpc/status.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);

    let sources = temporal_sources()?;
    let mut temporal = Compiler::new(["api_upstream", ""].map(|folder| sources.join(folder)))?;
    temporal.include_imports(true).open_files(TEMPORAL)?;
    fs::write(out.join("temporal.bin"), temporal.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .build_client(true)
        .build_transport(false)
        // A call that is not overridden answers UNIMPLEMENTED.
        .generate_default_stubs(true)
        // The messages are those of `temporalio-protos`.
        .extern_path(".temporal", "::temporalio_protos::temporal")
        .compile_fds(temporal.file_descriptor_set())?;

    // Served for tests alone, so nobody is shown it.
    let mut test = Compiler::new(["testsrv_upstream", ""].map(|folder| sources.join(folder)))?;
    test.include_imports(true)
        .open_file("temporal/api/testservice/v1/service.proto")?;
    tonic_prost_build::configure()
        .build_transport(false)
        .extern_path(".temporal", "::temporalio_protos::temporal")
        .compile_fds(test.file_descriptor_set())?;

    println!("cargo:rerun-if-changed=proto");
    let mut wrt = Compiler::new(["proto"])?;
    wrt.include_imports(true).include_source_info(true).open_files([
        "wrt/v1/component_service.proto",
        "wrt/v1/namespace_service.proto",
        "wrt/v1/run_service.proto",
        "wrt/v1/statistics_service.proto",
    ])?;
    fs::write(out.join("wrt.bin"), wrt.encode_file_descriptor_set())?;
    tonic_prost_build::configure().compile_fds(wrt.file_descriptor_set())?;
    Ok(())
}

/// The folder of the `.proto` files of `temporalio-protos`, wherever Cargo keeps that crate.
fn temporal_sources() -> Result<PathBuf, Box<dyn Error>> {
    let target = format!("--filter-platform={}", env::var("TARGET")?);
    let metadata = Command::new(env::var("CARGO")?)
        .args(["metadata", "--locked", "--format-version=1", &target])
        .output()?;
    if !metadata.status.success() {
        let cause = String::from_utf8_lossy(&metadata.stderr);
        return Err(format!("ask Cargo where temporalio-protos lies: {cause}").into());
    }
    let metadata: Value = serde_json::from_slice(&metadata.stdout)?;
    let mut packages = metadata["packages"].as_array().into_iter().flatten();
    let found = packages.find(|package| package["name"] == "temporalio-protos");
    let manifest = found.and_then(|package| package["manifest_path"].as_str());
    let manifest = manifest.ok_or("temporalio-protos is a dependency of this crate")?;
    Ok(Path::new(manifest).with_file_name("protos"))
}
