//! `cargo xtask engine`: compiles the JavaScript engine, which `wrt build` then holds.

use std::{env, fs};

use anyhow::{Context as _, Result, bail};

use crate::setup::{self, Stamp, WasmToolchain};
use crate::shell;

/// The sources, from the root of the repository.
const FOLDER: &str = "guest-sdk/typescript/engine";

/// A folder with Clang and a C library for WebAssembly, as the crate of QuickJS knows it.
const WASI_SDK: &str = "WASI_SDK";

/// Installs a compiler for C and compiles the engine, unless it is compiled already.
///
/// # Errors
/// There is no compiler, or the engine does not compile.
pub(crate) fn run() -> Result<()> {
    let folder = shell::root().join(FOLDER);
    let dist = folder.join("dist");
    fs::create_dir_all(&dist).with_context(|| format!("create {}", dist.display()))?;
    let mut stamp = Stamp::new(dist.join(".stamp"));
    for source in shell::files(&[FOLDER, "wit"])? {
        stamp = stamp.file(&source)?;
    }
    let engine = dist.join("engine.wasm");
    if stamp.is_fresh() && engine.exists() {
        return Ok(());
    }
    let toolchain @ WasmToolchain::Rustup = setup::wasm()? else {
        bail!("the JavaScript engine needs rustup's target wasm32-wasip2");
    };
    shell::say(format!("the JavaScript engine, from {FOLDER}"));
    let mut cargo = toolchain.cargo();
    cargo
        .args(["build", "--release", "--locked", "--target", toolchain.target()])
        .arg("--manifest-path")
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(shell::target().join("engine"));
    if env::var_os(WASI_SDK).is_none() {
        let (headers, variable) = (setup::c_for_wasm()?, toolchain.target().replace('-', "_"));
        let flags = format!(
            "--target=wasm32-wasi -isystem {} -include {}",
            headers.display(),
            folder.join("c/stack.h").display()
        );
        cargo
            .env("RQUICKJS_SYS_NO_WASI_SDK", "1")
            .env(format!("CC_{variable}"), setup::CLANG)
            .env(format!("AR_{variable}"), setup::LLVM_AR)
            .env(format!("CFLAGS_{variable}"), flags);
    }
    shell::run(&mut cargo).context("compile the JavaScript engine")?;
    let built = shell::target()
        .join("engine")
        .join(toolchain.target())
        .join("release/wrt_js_engine.wasm");
    fs::copy(&built, &engine).with_context(|| format!("copy {} to {}", built.display(), engine.display()))?;
    stamp.keep()
}
