//! Folders, narration and commands.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Message;

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

/// The files that cargo has made, according to its messages in JSON.
pub(crate) fn artifacts(messages: &str) -> Vec<PathBuf> {
    let messages = Message::parse_stream(messages.as_bytes()).filter_map(|message| match message {
        Ok(Message::CompilerArtifact(artifact)) => Some(artifact.filenames),
        _ => None,
    });
    messages.flatten().map(Into::into).collect()
}

/// The files of these folders that belong to the repository, or would once they are added.
///
/// # Errors
/// This is no checkout of git.
pub(crate) fn files(folders: &[&str]) -> Result<Vec<PathBuf>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "--"])
        .args(folders);
    let list = read(git.current_dir(root()))?;
    let files = list.lines().map(|file| root().join(file));
    Ok(files.filter(|file| file.is_file()).collect())
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
    let made = artifacts(&read(&mut command)?);
    Ok(names.map(|name| {
        let program = made.iter().find(|file| file.file_name() == Some(OsStr::new(name)));
        program.expect("cargo has built what it was told to").clone()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command() {
        let error = run(Command::new("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` ended with exit status: 3");
        let error = read(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(error.to_string(), "run `no-such-program`");
    }
}
