//! Says where the descriptors of Temporal's messages are, which `temporalio-protos` writes when it is built.

fn main() {
    let path = std::env::var("DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH");
    let path = path.expect("temporalio-protos is a dependency, and says where its descriptors are");
    println!("cargo:rustc-env=TEMPORAL_DESCRIPTORS={path}");
    println!("cargo:rerun-if-changed=build.rs");
}
