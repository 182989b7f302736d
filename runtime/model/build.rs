//! Hands on where the descriptors of Temporal's messages lie.

fn main() {
    let path =
        std::env::var("DEP_TEMPORALIO_PROTOS_DESCRIPTOR_PATH").expect("temporalio-protos offers its descriptors");
    println!("cargo:rustc-env=TEMPORAL_DESCRIPTORS={path}");
    println!("cargo:rerun-if-changed=build.rs");
}
