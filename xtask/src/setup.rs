//! `cargo xtask setup`: installs what is missing.

mod browser;
mod c;
mod debian;
mod go;
mod javascript;
mod python;
mod stamp;
mod wasm;

use anyhow::Result;

pub(crate) use c::{CLANG, LLVM_AR};
pub(crate) use stamp::Stamp;
pub(crate) use wasm::WasmToolchain;

/// What to set up beside the target that Rust guests are compiled for.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Further languages whose guests are to be built.
    #[arg(long, value_delimiter = ',', value_name = "LANGUAGES")]
    guests: Vec<Language>,
    /// Temporal's clients and a browser too, which the tests run.
    #[arg(long)]
    tests: bool,
}

/// A guest language beside Rust.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    Python,
    Javascript,
    Go,
}

impl Language {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Python, Self::Javascript, Self::Go];

    /// The names of the folders of its guests.
    pub(crate) fn folders(self) -> &'static [&'static str] {
        match self {
            Self::Python => &["python", "scenarios-python"],
            Self::Javascript => &["javascript"],
            Self::Go => &["scenarios-go"],
        }
    }
}

/// Installs what is missing.
///
/// # Errors
/// An installer fails; its own words are on the terminal.
pub(crate) fn run(options: &Options) -> Result<()> {
    wasm()?;
    languages(&options.guests)?;
    if options.tests {
        clients()?;
    }
    Ok(())
}

/// Finds or installs a toolchain that compiles Rust to WebAssembly.
///
/// # Errors
/// There is none, and none can be installed.
pub(crate) fn wasm() -> Result<WasmToolchain> {
    wasm::prepare()
}

/// Installs a compiler of C for WebAssembly, and returns the folder of the C library's headers.
///
/// # Errors
/// It cannot be installed.
pub(crate) fn c_for_wasm() -> Result<std::path::PathBuf> {
    c::prepare()
}

/// Installs Temporal's clients and a browser, which the tests run.
///
/// # Errors
/// An installer fails.
pub(crate) fn clients() -> Result<()> {
    python::prepare()?;
    javascript::prepare_tests()?;
    javascript::prepare_sdk()?;
    javascript::prepare_browser()?;
    browser::prepare()
}

/// Installs the compiler of the web page.
///
/// # Errors
/// An installer fails.
pub(crate) fn page() -> Result<()> {
    javascript::prepare_page()
}

/// Installs the tools of these languages.
///
/// # Errors
/// An installer fails.
pub(crate) fn languages(languages: &[Language]) -> Result<()> {
    for language in languages {
        match language {
            Language::Python => python::prepare()?,
            Language::Javascript => javascript::prepare()?,
            Language::Go => go::prepare()?,
        }
    }
    Ok(())
}
