//! The toolchain that compiles Rust to WebAssembly.
//!
//! With rustup it is one target more. Where rustup can fetch none, Debian's own compiler does it: its standard library
//! is built from source once. It makes core modules of preview 1, which the server turns into components itself.

mod sysroot;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::debian;
use crate::shell;

/// Forces one of the toolchains: `rustup` or `debian`.
const CHOICE: &str = "WRT_WASM_TOOLCHAIN";

const PREVIEW_2: &str = "wasm32-wasip2";
const PREVIEW_1: &str = "wasm32-wasip1";

/// Debian's Rust lies beside rustup's and is never found on `PATH` before it, hence the full paths.
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "wasm-ld-19";
const DEBIAN_PACKAGES: [&str; 5] = ["rustc-web", "cargo-web", "rust-web-src", "lld-19", "wasi-libc"];

/// A way to compile Rust guests.
pub(crate) enum WasmToolchain {
    /// The toolchain that compiles everything else, too.
    Rustup,
    /// Debian's, with these flags for its compiler.
    Debian { rustflags: Vec<String> },
}

impl WasmToolchain {
    /// The triple that it compiles for.
    pub(crate) fn target(&self) -> &'static str {
        match self {
            Self::Rustup => PREVIEW_2,
            Self::Debian { .. } => PREVIEW_1,
        }
    }

    /// The folder that cargo builds in.
    pub(crate) fn target_folder(&self) -> PathBuf {
        match self {
            Self::Rustup => shell::target(),
            // A folder of its own: this compiler would push out what the other one has made for the workspace.
            Self::Debian { .. } => shell::target().join("debian"),
        }
    }

    /// Its cargo. Works only with `--target`, since the flags are not meant for the host.
    pub(crate) fn cargo(&self) -> Command {
        match self {
            Self::Rustup => shell::cargo(),
            Self::Debian { rustflags } => {
                let mut cargo = debian_cargo();
                // In this form a flag may hold a space, as a folder's name does.
                cargo.env("CARGO_ENCODED_RUSTFLAGS", rustflags.join("\x1f"));
                cargo
            }
        }
    }
}

/// Finds or installs a toolchain.
///
/// # Errors
/// Neither way works; the message names what failed in the last one.
pub(crate) fn prepare() -> Result<WasmToolchain> {
    match std::env::var(CHOICE).as_deref() {
        Ok("rustup") if rustup() => Ok(WasmToolchain::Rustup),
        Ok("rustup") => bail!("rustup cannot install the target {PREVIEW_2}; unset {CHOICE} to try Debian's toolchain"),
        Ok("debian") => debian(),
        Ok(other) => bail!("{CHOICE} is `{other}`; it can be `rustup` or `debian`"),
        Err(_) if rustup() => Ok(WasmToolchain::Rustup),
        Err(_) => {
            shell::say(format!(
                "rustup has no target {PREVIEW_2} to install; Debian's toolchain takes its place"
            ));
            debian()
        }
    }
}

/// Whether the target is there, possibly since now.
fn rustup() -> bool {
    if has_target() {
        return true;
    }
    shell::say(format!("target {PREVIEW_2}: compiles Rust guests"));
    let added = shell::run(Command::new("rustup").args(["target", "add", PREVIEW_2]));
    added.is_ok() && has_target()
}

/// Asks the compiler and not rustup: a compiler from elsewhere can have the target as well.
fn has_target() -> bool {
    let asked = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", PREVIEW_2])
        .output();
    asked.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        output.status.success() && Path::new(folder.trim()).is_dir()
    })
}

fn debian() -> Result<WasmToolchain> {
    if !Path::new("/etc/debian_version").exists() {
        bail!("Rust guests need the target {PREVIEW_2}: rustup target add {PREVIEW_2}");
    }
    debian::install(
        &DEBIAN_PACKAGES,
        "compile Rust guests, since rustup cannot fetch a target for them",
    )?;
    let sysroot = sysroot::build().context("build the standard library for WebAssembly")?;
    let mut rustflags = vec![format!("--sysroot={}", sysroot.display())];
    rustflags.extend(linking()?);
    Ok(WasmToolchain::Debian { rustflags })
}

fn debian_cargo() -> Command {
    let mut cargo = Command::new(DEBIAN_CARGO);
    cargo
        .current_dir(shell::root())
        .env("RUSTC", DEBIAN_RUSTC)
        .env_remove("RUSTUP_TOOLCHAIN");
    cargo
}

/// Debian ships the linker and the C library apart from the compiler, so the compiler has to be told where they are.
fn linking() -> Result<[String; 4]> {
    let files = debian::files("wasi-libc")?;
    let libc = files
        .iter()
        .find(|file| file.ends_with("/libc.a"))
        .context("find libc.a in wasi-libc")?;
    let folder = Path::new(libc).parent().context("find the folder of wasi-libc")?;
    Ok([
        format!("-Clinker={DEBIAN_LINKER}"),
        "-Clink-self-contained=no".to_owned(),
        "-L".to_owned(),
        folder.display().to_string(),
    ])
}
