//! Flags of Temporal's development server beside the address and the database. Its SDKs give some of them, and people know
//! them; what has no meaning here is named in the log.

use std::time::Duration;

use clap::Args;
use wrt_model::Limits;

use super::settings::{Settings, listen_address, set};
use crate::payload::key_value;

/// What Temporal's SDKs, its manuals and people switch on or off, and what is so here anyway.
const SETTLED: [(&str, &str); 28] = [
    ("frontend.activityAPIsEnabled", "true"),
    ("frontend.enableBatcher", "true"),
    ("frontend.enableCancelWorkerPollsOnShutdown", "true"),
    ("frontend.enableExecuteMultiOperation", "true"),
    ("frontend.enableSchedules", "true"),
    ("frontend.enableServerVersionCheck", "false"),
    ("frontend.enableTokenNamespaceEnforcement", "true"),
    ("frontend.enableUpdateWorkflowExecution", "true"),
    ("frontend.enableUpdateWorkflowExecutionAsyncAccepted", "true"),
    ("frontend.keepAlivePermitWithoutStream", "true"),
    ("frontend.ListWorkersEnabled", "true"),
    ("frontend.WorkerHeartbeatsEnabled", "true"),
    ("frontend.WorkflowPauseEnabled", "true"),
    ("history.allowResetWithPendingChildren", "true"),
    ("history.enableParentClosePolicy", "true"),
    ("history.enableWorkflowTaskCompletionPagination", "true"),
    ("matching.autoEnableV2", "true"),
    ("matching.enableFairness", "true"),
    ("matching.useNewMatcher", "true"),
    ("system.enableActivityEagerExecution", "true"),
    ("system.enableCrossNamespaceCommands", "false"),
    ("system.enableDeploymentVersions", "true"),
    ("system.enableEagerWorkflowStart", "true"),
    ("system.enableParentClosePolicyWorker", "true"),
    ("system.enableStickyQuery", "true"),
    ("system.forceSearchAttributesCacheRefreshOnRead", "true"),
    ("worker.enableNamespaceBatcher", "true"),
    ("worker.enableScheduler", "true"),
];

/// From the server's port to that of its web page, so that 8233 goes with 7233.
const UI_PORT_DISTANCE: u16 = 1000;

/// The longest wait of a worker for a task, such as `"1s"`.
const LONGEST_POLL: &str = "matching.longPollExpirationInterval";

/// Flags of Temporal's development server.
#[derive(Debug, Args)]
pub(super) struct TemporalArgs {
    /// A second port for the HTTP API, which the port for gRPC serves too
    #[arg(long, value_name = "PORT")]
    http_port: Option<u16>,
    /// The port of the web page, which the other ports show too [default: 1000 above that of the server]
    #[arg(long, value_name = "PORT")]
    ui_port: Option<u16>,
    /// The address of the web page [default: that of `--ip`]
    #[arg(long, hide_short_help = true, value_name = "ADDRESS")]
    ui_ip: Option<String>,
    /// A server that decodes payloads for the web page, as a URL
    #[arg(long, hide_short_help = true, value_name = "URL")]
    ui_codec_endpoint: Option<String>,
    /// Show no web page
    #[arg(long, hide_short_help = true)]
    headless: bool,
    /// A limit of the server, or the longest wait of a poll, by its key in Temporal's dynamic configuration. Repeatable
    #[arg(long, hide_short_help = true, value_parser = dynamic_config_value, value_name = "KEY=JSON")]
    dynamic_config_value: Vec<(String, String)>,
    /// Log the settings of the server
    #[arg(long, hide_short_help = true)]
    log_config: bool,
    /// Has no effect: the web page is part of the program
    #[arg(long, hide_short_help = true, value_name = "FOLDER")]
    ui_asset_path: Option<String>,
    /// Has no effect: the web page is served at `/`
    #[arg(long, hide_short_help = true, value_name = "PATH")]
    ui_public_path: Option<String>,
    /// Has no effect: there is no port for metrics
    #[arg(long, hide_short_help = true, value_name = "PORT")]
    metrics_port: Option<u16>,
    /// Has no effect: how data is kept safe is settled. Repeatable
    #[arg(long, hide_short_help = true, value_parser = key_value, value_name = "NAME=VALUE")]
    sqlite_pragma: Vec<(String, String)>,
}

/// Reads `KEY=JSON`; the value of a limit must be a count, and that of a wait a span.
fn dynamic_config_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = key_value(text)?;
    if Limits::name(&key).is_ok() && value.parse::<u64>().is_err() {
        return Err(format!("{key} is a limit, and {value} is no whole number"));
    }
    if key == LONGEST_POLL {
        span(&value).map_err(|error| format!("{key} is a time such as \"1s\", and {value} is none: {error}"))?;
    }
    Ok((key, value))
}

/// Reads a span in JSON; the shell may have taken its quotes.
fn span(value: &str) -> Result<Duration, humantime::DurationError> {
    humantime::parse_duration(value.trim_matches('"'))
}

/// Keys are alike in either case, as for Temporal.
fn is_settled(key: &str, value: &str) -> bool {
    let is = |(settled, to): &(&str, &str)| settled.eq_ignore_ascii_case(key) && to.eq_ignore_ascii_case(value.trim());
    SETTLED.iter().any(is)
}

impl TemporalArgs {
    /// Puts what is given in the place of what was set. `ip` and `port` are those of the server.
    pub(super) fn apply_to(&self, settings: &mut Settings, ip: &str, port: u16) {
        settings.page = !self.headless;
        let ui_port = self.ui_port.filter(|_| settings.page);
        let ui_ip = self.ui_ip.as_deref().unwrap_or(ip);
        let more = [(ip, self.http_port), (ui_ip, ui_port)].map(|(ip, port)| Some(listen_address(ip, port?)));
        settings.listen_also.extend(more.into_iter().flatten());
        if settings.page && self.ui_port.is_none() {
            // As far from the server's own port as Temporal's.
            let port = port.checked_add(UI_PORT_DISTANCE).filter(|_| port != 0);
            settings.page_listen = port.map(|port| listen_address(ui_ip, port));
        }
        settings.codec_endpoint.clone_from(&self.ui_codec_endpoint);
        for (key, value) in &self.dynamic_config_value {
            if key == LONGEST_POLL {
                set(&mut settings.longest_poll, span(value).ok());
            } else if let Ok(value) = value.parse() {
                // Keys of other settings have no effect, and are logged.
                let _ = settings.namespace_limits.set(key, value);
            }
        }
    }

    /// Logs what was asked for, and what has no effect.
    pub(super) fn explain(&self, settings: &Settings) {
        if self.log_config {
            tracing::info!(?settings, "the settings of the server");
        }
        for flag in self.without_effect() {
            tracing::warn!("{flag} has no effect on this server");
        }
    }

    /// The flags, and keys of the dynamic configuration, that have nothing to set here.
    fn without_effect(&self) -> Vec<String> {
        let flags = [
            ("--ui-asset-path", self.ui_asset_path.is_some()),
            ("--ui-public-path", self.ui_public_path.is_some()),
            ("--metrics-port", self.metrics_port.is_some()),
            ("--sqlite-pragma", !self.sqlite_pragma.is_empty()),
        ];
        let flags = flags
            .into_iter()
            .filter(|(_, is_given)| *is_given)
            .map(|(flag, _)| flag.to_owned());
        let values = self
            .dynamic_config_value
            .iter()
            .filter(|(key, _)| Limits::name(key).is_err() && key != LONGEST_POLL)
            .filter(|(key, value)| !is_settled(key, value));
        let values = values.map(|(key, value)| format!("--dynamic-config-value {key}={value}"));
        flags.chain(values).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        temporal: TemporalArgs,
    }

    fn parse(line: &str) -> Result<TemporalArgs, String> {
        let words = std::iter::once("wrt").chain(line.split_whitespace());
        Line::try_parse_from(words)
            .map(|line| line.temporal)
            .map_err(|error| error.to_string())
    }

    fn applied(line: &str) -> Settings {
        let mut settings = Settings::with_defaults();
        parse(line).unwrap().apply_to(&mut settings, "::1", 7233);
        settings
    }

    #[test]
    fn further_ports_are_listened_on() {
        let settings = applied("--http-port 7243 --ui-port 8233 --ui-ip 0.0.0.0 --ui-codec-endpoint http://codec");
        assert_eq!(settings.listen_also, ["[::1]:7243", "0.0.0.0:8233"]);
        assert_eq!(settings.codec_endpoint.as_deref(), Some("http://codec"));
        assert_eq!(applied("--ui-port 8233 --headless").listen_also, [""; 0]);
    }

    #[test]
    fn limits_are_set_and_malformed_ones_refused() {
        let settings = applied("--dynamic-config-value limit.historyCount.error=7");
        assert_eq!(settings.namespace_limits.history_count_error, 7);
        let error = parse("--dynamic-config-value limit.historyCount.error=many").unwrap_err();
        assert!(
            error.contains("limit.historyCount.error is a limit, and many is no whole number"),
            "{error}"
        );
        for seconds in ["1s", "\"1s\"", "1000ms"] {
            let settings = applied(&format!("--dynamic-config-value {LONGEST_POLL}={seconds}"));
            assert_eq!(settings.longest_poll, Duration::from_secs(1));
        }
        let error = parse(&format!("--dynamic-config-value {LONGEST_POLL}=soon")).unwrap_err();
        assert!(error.contains("is a time such as \"1s\", and soon is none"), "{error}");
        assert!(parse("--dynamic-config-value nonsense").is_err());
        assert!(parse("--sqlite-pragma nonsense").is_err());
    }

    #[test]
    fn what_has_no_effect_is_named() {
        let line = "--metrics-port 9 --sqlite-pragma a=b --sqlite-pragma c=d --ui-asset-path x --log-config \
                    --dynamic-config-value frontend.enableServerVersionCheck=false \
                    --dynamic-config-value history.unknown=true --dynamic-config-value limit.historyCount.error=7";
        let expected = [
            "--ui-asset-path",
            "--metrics-port",
            "--sqlite-pragma",
            "--dynamic-config-value history.unknown=true",
        ];
        assert_eq!(parse(line).unwrap().without_effect(), expected);
        assert_eq!(parse("--headless --ui-port 1").unwrap().without_effect(), [""; 0]);
        for settled in [
            "system.enableEagerWorkflowStart=true",
            "FRONTEND.workerheartbeatsenabled=True",
        ] {
            let line = format!("--dynamic-config-value {settled}");
            assert_eq!(parse(&line).unwrap().without_effect(), [""; 0], "{settled}");
        }
        let switched_off = "--dynamic-config-value system.enableEagerWorkflowStart=false";
        assert_eq!(parse(switched_off).unwrap().without_effect(), [switched_off]);
    }
}
