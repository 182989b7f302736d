//! Embeds what JavaScript needs: the engine, which `cargo xtask engine` compiles, and the files of the SDK. Without the engine
//! the crate says how to build it: building Rust needs no compiler for C.

use std::{
    env,
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo names the crate's folder"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder for what is built"));
    let sdk = root.join("../../guest-sdk/typescript");
    println!("cargo:rerun-if-changed=build.rs");
    let engine = sdk.join("engine/dist/engine.wasm");
    println!("cargo:rerun-if-changed={}", engine.display());
    fs::write(out.join("engine.wasm"), fs::read(&engine).unwrap_or_default())?;

    let sources = sdk.join("src");
    println!("cargo:rerun-if-changed={}", sources.display());
    let mut files = Vec::new();
    if sources.is_dir() {
        collect(&sources, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&sources).expect("it was found there");
        let name = name.to_string_lossy().replace('\\', "/");
        writeln!(table, "    ({name:?}, include_str!({:?})),", file.canonicalize()?).expect("strings take every write");
    }
    table.push_str("]\n");
    fs::write(out.join("sdk.rs"), table)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.ends_with("testing") {
            // Tests run outside of components.
        } else if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "ts") {
            files.push(path);
        }
    }
    Ok(())
}
