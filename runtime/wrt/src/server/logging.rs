//! What the server logs, on stderr.

use std::io;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use super::settings::{Settings, set};

/// `--log-level` and `--log-format`.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct LogArgs {
    /// What to log [default: info]
    #[arg(
        long,
        value_enum,
        env = "WRT_LOG_LEVEL",
        hide_env_values = true,
        value_name = "LEVEL"
    )]
    log_level: Option<LogLevel>,
    /// How to log [default: text]
    #[arg(
        long,
        value_enum,
        env = "WRT_LOG_FORMAT",
        hide_env_values = true,
        value_name = "FORMAT"
    )]
    log_format: Option<LogFormat>,
}

/// What is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogLevel {
    /// All that helps to find a defect.
    Debug,
    /// What the server does, and the log lines of workflows.
    #[default]
    Info,
    /// What somebody should look at.
    Warn,
    /// What does not work.
    Error,
    /// Warnings, and the log lines of workflows and activities.
    #[value(skip)]
    #[serde(skip)]
    Guests,
    /// Nothing.
    Never,
}

/// How it is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum LogFormat {
    /// A line for people.
    #[default]
    #[value(alias = "pretty")]
    #[serde(alias = "pretty")]
    Text,
    /// A line of JSON.
    Json,
}

impl LogArgs {
    /// Puts what is given in the place of what was set.
    pub(super) fn apply_to(self, settings: &mut Settings) {
        set(&mut settings.log_level, self.log_level);
        set(&mut settings.log_format, self.log_format);
    }
}

/// Starts logging, for the whole process.
pub(super) fn start(level: LogLevel, format: LogFormat) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives(level)))
        .with_writer(io::stderr)
        .with_ansi(console::colors_enabled_stderr());
    match format {
        LogFormat::Text => builder.init(),
        LogFormat::Json => builder.json().init(),
    }
}

/// Libraries speak only of what is wrong: their everyday says nothing to whoever runs a server.
fn directives(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "info,wrt=debug",
        LogLevel::Info => "warn,wrt=info",
        LogLevel::Warn => "warn",
        LogLevel::Error => "error",
        LogLevel::Guests => "warn,wrt::workflow=info,wrt::activity=info",
        LogLevel::Never => "off",
    }
}
