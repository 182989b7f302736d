//! `wrt completion`: scripts that let a shell complete the command line.

use std::io;

use clap::{Args, CommandFactory};
use clap_complete::{Shell, generate};

use crate::{cli::Cli, exit::Exit};

/// Print a script that completes `wrt` in a shell
#[derive(Debug, Args)]
#[command(after_help = "For bash: source <(wrt completion bash)")]
pub(crate) struct CompletionArgs {
    /// The shell to print it for
    shell: Shell,
}

impl CompletionArgs {
    /// Prints the script.
    pub(crate) fn run(self) -> anyhow::Result<Exit> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "wrt", &mut script);
        io::Write::write_all(&mut io::stdout(), &script)?;
        Ok(Exit::Success)
    }
}
