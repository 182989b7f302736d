//! A compiler of C for WebAssembly.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::debian;

pub(crate) const CLANG: &str = "clang-19";
pub(crate) const LLVM_AR: &str = "llvm-ar-19";

/// Installs the compiler, and returns the folder of the C library's headers.
///
/// # Errors
/// It cannot be installed.
pub(crate) fn prepare() -> Result<PathBuf> {
    if !Path::new("/etc/debian_version").exists() {
        bail!("compiling C for WebAssembly needs the WASI SDK; name its folder in WASI_SDK");
    }
    debian::install(&["clang-19", "llvm-19", "wasi-libc"], "compile C to WebAssembly")?;
    let files = debian::files("wasi-libc")?;
    let header = files.iter().find(|file| file.ends_with("/stdio.h"));
    let header = header.context("find the headers of wasi-libc")?;
    let folder = Path::new(header).parent().context("find the folder of the headers")?;
    Ok(folder.to_path_buf())
}
