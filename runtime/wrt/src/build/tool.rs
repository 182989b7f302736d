//! Sources that another program makes a component of: Rust, Python and Go, each by its own tools.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

/// A language whose tools are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    Python,
    Go,
}

impl Language {
    /// That of a file or a folder; `None` for what is none of them.
    pub(super) fn of(source: &Path) -> Option<Self> {
        if source.is_dir() {
            let has = |name: &str| source.join(name).exists();
            return match () {
                () if has("Cargo.toml") => Some(Language::Rust),
                () if has("go.mod") => Some(Language::Go),
                () if has("pyproject.toml") || has("__init__.py") => Some(Language::Python),
                () => None,
            };
        }
        match source.extension()?.to_str()? {
            "py" => Some(Language::Python),
            "go" => Some(Language::Go),
            _ => None,
        }
    }

    /// Builds the component. What the tools say, they say themselves, on stderr.
    pub(super) fn build(self, source: &Path) -> anyhow::Result<Vec<u8>> {
        match self {
            Language::Rust => rust(source),
            Language::Python => python(source),
            Language::Go => go(source),
        }
    }
}

fn rust(folder: &Path) -> anyhow::Result<Vec<u8>> {
    let mut cargo = Command::new("cargo");
    cargo
        .args(["build", "--release", "--target", "wasm32-wasip2"])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(folder)
        .stdout(Stdio::piped());
    let advice = "install Rust from https://rustup.rs, and then the target with `rustup target add wasm32-wasip2`";
    let output = cargo.spawn().and_then(std::process::Child::wait_with_output);
    let output = output.with_context(|| format!("start cargo; {advice}"))?;
    ensure!(
        output.status.success(),
        "cargo cannot build {}; if it does not find `core` or `std`, install the target with `rustup target add wasm32-wasip2`",
        folder.display()
    );
    let messages = String::from_utf8_lossy(&output.stdout);
    let built: Vec<PathBuf> = messages.lines().flat_map(components).collect();
    match built.as_slice() {
        [component] => read(component),
        [] => bail!(
            "{} makes no component: its package needs `[lib] crate-type = [\"cdylib\"]` in Cargo.toml",
            folder.display()
        ),
        several => bail!(
            "{} makes {} components; name the folder of the package that is meant",
            folder.display(),
            several.len()
        ),
    }
}

/// The components of one message of cargo.
fn components(message: &str) -> Vec<PathBuf> {
    let message: Value = serde_json::from_str(message).unwrap_or_default();
    let is_cdylib = message["target"]["crate_types"] == serde_json::json!(["cdylib"])
        || message["target"]["crate_types"]
            .as_array()
            .is_some_and(|types| types.iter().any(|kind| kind == "cdylib"));
    let files = message["filenames"].as_array().cloned().unwrap_or_default();
    let files = files.iter().filter_map(Value::as_str).map(PathBuf::from);
    files
        .filter(|file| is_cdylib && file.extension().is_some_and(|extension| extension == "wasm"))
        .collect()
}

fn python(source: &Path) -> anyhow::Result<Vec<u8>> {
    let python = interpreter(source);
    let has_sdk = Command::new(&python)
        .args(["-c", "import wrt_sdk.build"])
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("start {}; install Python 3.11 or later", python.display()))?;
    ensure!(
        has_sdk.success(),
        "{} has no SDK; `{} -m pip install 'wrt-sdk[build]'` installs it",
        python.display(),
        python.display()
    );
    let out = Output::new()?;
    let mut build = Command::new(&python);
    build
        .args(["-m", "wrt_sdk.build"])
        .arg(source)
        .arg("--output")
        .arg(&out.file);
    out.of(&mut build, source)
}

/// The Python of the environment that is active, or lies beside the source, or the system's.
fn interpreter(source: &Path) -> PathBuf {
    let active = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let beside = source.ancestors().map(|folder| folder.join(".venv"));
    let mut environments = active.into_iter().chain(beside).map(|it| it.join("bin/python"));
    environments
        .find(|python| python.exists())
        .unwrap_or_else(|| PathBuf::from("python3"))
}

fn go(source: &Path) -> anyhow::Result<Vec<u8>> {
    let folder = match source.is_dir() {
        true => source,
        false => source.parent().unwrap_or(Path::new(".")),
    };
    let out = Output::new()?;
    let mut build = Command::new("go");
    build
        .args(["run", "wrt.dev/sdk/cmd/wrt-go", "build", "-o"])
        .arg(&out.file)
        .arg(".")
        .current_dir(if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        });
    out.of(&mut build, source)
        .context("Go builds it with its own tools; they come from https://go.dev/dl, and need version 1.26")
}

/// A file that a tool writes.
struct Output {
    file: PathBuf,
    _folder: TempDir,
}

impl Output {
    fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for the component")?;
        Ok(Output {
            file: folder.path().join("component.wasm"),
            _folder: folder,
        })
    }

    fn of(&self, build: &mut Command, source: &Path) -> anyhow::Result<Vec<u8>> {
        // What it prints belongs to people, and stdout to the answer of this command.
        let status = build.stdout(std::io::stderr()).status();
        let status = status.with_context(|| format!("start {}", build.get_program().to_string_lossy()))?;
        ensure!(status.success(), "{} cannot be built; see above", source.display());
        read(&self.file)
    }
}

fn read(component: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(component).with_context(|| format!("read component {}", component.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_file_or_of_what_lies_in_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Language::of(folder.path()), None);
        for (name, language) in [
            ("pyproject.toml", Language::Python),
            ("go.mod", Language::Go),
            ("Cargo.toml", Language::Rust),
        ] {
            fs::write(folder.path().join(name), "").unwrap();
            assert_eq!(Language::of(folder.path()), Some(language));
        }
        assert_eq!(Language::of(Path::new("flow.py")), Some(Language::Python));
        assert_eq!(Language::of(Path::new("flow.wasm")), None);
    }

    #[test]
    fn cargo_tells_what_it_has_built() {
        let message = r#"{"reason": "compiler-artifact", "target": {"crate_types": ["cdylib", "rlib"]}, "filenames": ["/t/a.wasm", "/t/a.d"]}"#;
        assert_eq!(components(message), [PathBuf::from("/t/a.wasm")]);
        let message =
            r#"{"reason": "compiler-artifact", "target": {"crate_types": ["bin"]}, "filenames": ["/t/b.wasm"]}"#;
        assert!(components(message).is_empty());
        assert!(components("no JSON").is_empty());
    }
}
