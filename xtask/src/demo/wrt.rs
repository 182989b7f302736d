//! The command line of `wrt`, as a user would type it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::shell;

/// The pause between two looks at the state of a workflow.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Looks until one gives up.
const LOOKS: u32 = 1_200;

/// The program, and the server that it talks to.
pub(super) struct Wrt {
    program: PathBuf,
    address: String,
}

impl Wrt {
    /// Talks to the server at this address.
    pub(super) fn new(program: &Path, address: &str) -> Self {
        Self {
            program: program.to_owned(),
            address: address.to_owned(),
        }
    }

    /// Shows a command, runs it, and lets its output be seen.
    ///
    /// # Errors
    /// The command fails.
    pub(super) fn show(&self, arguments: &[&str]) -> Result<()> {
        println!("\n$ wrt {}", quoted(arguments));
        shell::run(&mut self.command(arguments))
    }

    /// As [`Wrt::show`], for a workflow that is to have failed, which `wrt` says with the exit code 1.
    ///
    /// # Errors
    /// The command ends in another way.
    pub(super) fn show_failure(&self, arguments: &[&str]) -> Result<()> {
        println!("\n$ wrt {}", quoted(arguments));
        let status = self.command(arguments).status().context("run wrt")?;
        ensure!(
            status.code() == Some(1),
            "the workflow did not fail, as it should have: {status}"
        );
        Ok(())
    }

    /// Looks into the history of a workflow again and again, until it holds an event of this type.
    ///
    /// # Errors
    /// The history cannot be read, or the event never comes.
    pub(super) fn wait_for_event(&self, workflow_id: &str, event_type: &str) -> Result<()> {
        let arguments = ["workflow", "show", "--workflow-id", workflow_id, "--output", "json"];
        for _ in 0..LOOKS {
            let history = shell::read(&mut self.command(&arguments))?;
            if history.contains(event_type) {
                return Ok(());
            }
            pause();
        }
        bail!("the history of {workflow_id} never held {event_type}")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(shell::root()).args(arguments).args([
            "--address",
            &self.address,
            "--command-timeout",
            "2m",
        ]);
        command
    }
}

#[expect(clippy::disallowed_methods, reason = "a user who looks again waits a while, too")]
fn pause() {
    std::thread::sleep(LOOK_EVERY);
}

/// The words, with quotes where a shell wants them.
fn quoted(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| match word.contains([' ', '"', '{', '&']) {
        true => format!("'{word}'"),
        false => (*word).to_owned(),
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_shown_as_one_would_type_them() {
        let cases: [(&[&str], &str); 3] = [
            (&["workflow", "show"], "workflow show"),
            (&["--input", r#"{"a":1}"#], r#"--input '{"a":1}'"#),
            (&["--input", "two words"], "--input 'two words'"),
        ];
        for (words, line) in cases {
            assert_eq!(quoted(words), line);
        }
    }
}
