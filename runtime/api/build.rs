//! Generates the services: Temporal's from the descriptors that `temporalio-protos` was built from, `wrt.v1` from
//! `proto/`. Needs no `protoc`.

use std::{collections::HashMap, env, error::Error, fs, path::Path};

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// The files that declare Temporal's services.
const SERVICES: [&str; 2] = [
    "temporal/api/workflowservice/v1/service.proto",
    "temporal/api/operatorservice/v1/service.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);

    let temporal = read_descriptors(&env::var("DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH")?)?;
    let temporal = with_imports(temporal, &SERVICES);
    fs::write(out.join("temporal.bin"), temporal.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_client(true)
        .build_transport(false)
        // A call that is not overridden answers UNIMPLEMENTED.
        .generate_default_stubs(true)
        // The messages are those of `temporalio-protos`.
        .extern_path(".temporal", "::temporalio_protos::temporal")
        .compile_fds(temporal)?;

    println!("cargo:rerun-if-changed=proto");
    let wrt = protox::compile(
        [
            "wrt/v1/component_service.proto",
            "wrt/v1/namespace_service.proto",
            "wrt/v1/statistics_service.proto",
        ],
        ["proto"],
    )?;
    fs::write(out.join("wrt.bin"), wrt.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(wrt)?;
    Ok(())
}

fn read_descriptors(path: &str) -> Result<FileDescriptorSet, Box<dyn Error>> {
    let bytes = fs::read(path).map_err(|error| format!("read {path}: {error}"))?;
    Ok(FileDescriptorSet::decode(bytes.as_slice())?)
}

/// Files and what they import, without comments: what reflection has to know, a fifth of the whole.
fn with_imports(all: FileDescriptorSet, roots: &[&str]) -> FileDescriptorSet {
    let mut by_name: HashMap<String, FileDescriptorProto> = all
        .file
        .into_iter()
        .map(|file| (file.name().to_owned(), file))
        .collect();
    let mut wanted: Vec<_> = roots.iter().map(|root| (*root).to_owned()).collect();
    let mut set = FileDescriptorSet::default();
    while let Some(name) = wanted.pop() {
        if let Some(mut file) = by_name.remove(&name) {
            file.source_code_info = None;
            wanted.extend(file.dependency.iter().cloned());
            set.file.push(file);
        }
    }
    set
}
