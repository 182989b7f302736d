//! Folders, narration and commands.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// The folder of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the repository")
}

/// The folder for everything that is built or installed. Nothing that a task makes lies elsewhere, except the packages
/// of the operating system and `node_modules`, which Node wants beside `package.json`.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// The cargo that started this task, so that everything is built by one toolchain.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What cargo has told this program about its package. Scripts that build dependencies look at such variables, and
    // would run again, and with them half of the workspace be compiled again.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    command
}

/// Tells what happens now, in one line.
pub(crate) fn say(line: impl AsRef<str>) {
    println!("==> {}", line.as_ref());
}

/// Runs a command to its end, its output going where ours goes.
///
/// # Errors
/// The command is not there, or ends with a failure.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("run `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// Runs a command to its end and returns what it wrote to standard output.
///
/// # Errors
/// The command is not there, ends with a failure, or writes something that is not UTF-8.
pub(crate) fn read(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("run `{}`", line(command)))?;
    if !output.status.success() {
        bail!("`{}` ended with {}", line(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("read the output of `{}`", line(command)))
}

/// Whether a command is there and ends well. Its output is dropped.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    words.join(" ")
}

/// The files that cargo has made, according to one line of its `--message-format=json`.
pub(crate) fn artifacts(message: &str) -> Vec<PathBuf> {
    let message: Value = serde_json::from_str(message).unwrap_or_default();
    let files = message["filenames"].as_array().map(Vec::as_slice).unwrap_or_default();
    files.iter().filter_map(Value::as_str).map(PathBuf::from).collect()
}

/// Builds programs of the workspace and returns their files, in the order of the names.
///
/// # Errors
/// One of them does not compile.
pub(crate) fn programs<const N: usize>(names: [&str; N]) -> Result<[PathBuf; N]> {
    let mut command = cargo();
    // As part of the workspace, so that dependencies are built with the features that everything else wants, too.
    command.args(["build", "--workspace", "--message-format=json-render-diagnostics"]);
    for name in names {
        command.args(["--bin", name]);
    }
    let made: Vec<_> = read(&mut command)?.lines().flat_map(artifacts).collect();
    Ok(names.map(|name| {
        let program = made.iter().find(|file| file.file_name() == Some(OsStr::new(name)));
        program.expect("cargo has built what it was told to").clone()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_are_found_in_the_messages_of_cargo() {
        let cases: [(&str, &[&str]); 4] = [
            (
                r#"{"reason":"compiler-artifact","filenames":["/a/b.rlib","/a/b.rmeta"]}"#,
                &["/a/b.rlib", "/a/b.rmeta"],
            ),
            (r#"{"reason":"build-finished","success":true}"#, &[]),
            ("warning: not JSON", &[]),
            ("", &[]),
        ];
        for (message, files) in cases {
            let files: Vec<_> = files.iter().map(PathBuf::from).collect();
            assert_eq!(artifacts(message), files, "{message}");
        }
    }

    #[test]
    fn a_failure_names_the_command() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` ended with exit status: 3");
        let error = read(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "run `no-such-program`");
    }
}
