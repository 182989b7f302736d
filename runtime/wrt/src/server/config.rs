//! The configuration file of `wrt server`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use serde::{Deserialize, Deserializer, de::Error};
use wrt_model::Limits as NamespaceLimits;

use super::{
    LogFormat, LogLevel,
    door::{Connections, host},
    settings::{Limits, Settings, set},
};

/// An example with every key, for `--help`.
pub(super) const HELP: &str = r#"Configuration file, every key of which may be left out:

  listen = "127.0.0.1:7233"
  namespaces = ["default", "shop"]    # registered when they are missing
  retention = "72h"                   # of the namespaces above
  drain = "10s"                       # for calls under way, at the end
  allowed_hosts = ["wrt.example.com"] # names to be called by, beside localhost and the address above

  [connections]
  total = 20000                       # fewer where the process may not open so many files
  per_address = 15000                 # of one caller's address
  greeting = "10s"                    # for a caller to begin
  body = "30s"                        # to wait for more of a request
  idle = "1h"                         # to keep a connection without a call

  [page]
  show = true                         # the web page, at every address that is listened on
  listen = "127.0.0.1:8233"           # and at one of its own
  codec_endpoint = "https://codec.example.com/{namespace}" # decodes payloads for it

  [database]
  path = "/var/lib/wrt/wrt.db"
  readers = 4                         # reads at the same time

  [cache]
  path = "/var/cache/wrt"             # compiled components

  [limits]
  workflow_memory_mib = 128           # of one run
  activation_time = "5s"              # of computing at a time, of one run
  activity_memory_mib = 512           # of one attempt
  instances = 10000                   # of workflows, at the same time
  parked_memory_mib = 512             # of all waiting runs together
  concurrent_activities = 512         # of components, at the same time

  [namespace_limits]                  # of namespaces that set none; `wrt namespace describe` shows them all
  history_count_error = 51200         # events; 0 for no limit
  blob_size_error = 2097152           # bytes

  [log]
  level = "info"                      # debug, info, warn, error or never
  format = "text"                     # text or json"#;

/// The file as it is written.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Config {
    listen: Option<String>,
    namespaces: Option<Vec<String>>,
    #[serde(deserialize_with = "span")]
    retention: Option<Duration>,
    #[serde(deserialize_with = "span")]
    drain: Option<Duration>,
    #[serde(deserialize_with = "hosts")]
    allowed_hosts: Option<Vec<String>>,
    connections: ConnectionsConfig,
    page: PageConfig,
    database: DatabaseConfig,
    cache: CacheConfig,
    limits: LimitsConfig,
    #[serde(deserialize_with = "namespace_limits")]
    namespace_limits: NamespaceLimits,
    log: LogConfig,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ConnectionsConfig {
    total: Option<usize>,
    per_address: Option<usize>,
    #[serde(deserialize_with = "span")]
    greeting: Option<Duration>,
    #[serde(deserialize_with = "span")]
    body: Option<Duration>,
    #[serde(deserialize_with = "span")]
    idle: Option<Duration>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PageConfig {
    show: Option<bool>,
    listen: Option<String>,
    codec_endpoint: Option<String>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct DatabaseConfig {
    path: Option<PathBuf>,
    readers: Option<u32>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct CacheConfig {
    path: Option<PathBuf>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsConfig {
    workflow_memory_mib: Option<u32>,
    #[serde(deserialize_with = "span")]
    activation_time: Option<Duration>,
    activity_memory_mib: Option<u32>,
    instances: Option<u32>,
    parked_memory_mib: Option<u32>,
    concurrent_activities: Option<u32>,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LogConfig {
    level: Option<LogLevel>,
    format: Option<LogFormat>,
}

impl Config {
    /// Reads a file; the error of one that is wrong shows the place.
    pub(super) fn read(file: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(file).with_context(|| format!("read configuration {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("understand configuration {}", file.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// The settings that follow from the file and the defaults.
    pub(super) fn settings(self) -> Settings {
        let mut settings = Settings::with_defaults();
        set(&mut settings.listen, self.listen);
        set(&mut settings.namespaces, self.namespaces);
        set(&mut settings.retention, self.retention);
        set(&mut settings.drain, self.drain);
        set(&mut settings.allowed_hosts, self.allowed_hosts);
        settings.connections = self.connections.into();
        set(&mut settings.page, self.page.show);
        settings.listen_also.extend(self.page.listen.filter(|_| settings.page));
        settings.codec_endpoint = self.page.codec_endpoint;
        set(&mut settings.readers, self.database.readers);
        settings.database = self.database.path.or(settings.database);
        settings.cache_dir = self.cache.path.or(settings.cache_dir);
        settings.limits = self.limits.into();
        settings.namespace_limits = self.namespace_limits;
        set(&mut settings.log_level, self.log.level);
        set(&mut settings.log_format, self.log.format);
        settings
    }
}

impl From<ConnectionsConfig> for Connections {
    fn from(connections: ConnectionsConfig) -> Self {
        let ConnectionsConfig {
            total,
            per_address,
            greeting,
            body,
            idle,
        } = connections;
        Connections {
            total,
            per_address,
            greeting,
            body,
            idle,
        }
    }
}

impl From<LimitsConfig> for Limits {
    fn from(limits: LimitsConfig) -> Self {
        let bytes = |mib: Option<u32>| mib.map(|mib| (mib as usize) << 20);
        Limits {
            workflow_memory_bytes: bytes(limits.workflow_memory_mib),
            activation_time: limits.activation_time,
            activity_memory_bytes: bytes(limits.activity_memory_mib),
            instances: limits.instances,
            parked_memory_bytes: bytes(limits.parked_memory_mib),
            concurrent_activities: limits.concurrent_activities.map(|count| count as usize),
        }
    }
}

/// Limits by their names; the rest are Temporal's.
fn namespace_limits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NamespaceLimits, D::Error> {
    let mut limits = NamespaceLimits::default();
    for (name, value) in BTreeMap::<String, u64>::deserialize(deserializer)? {
        limits.set(&name, value).map_err(D::Error::custom)?;
    }
    Ok(limits)
}

/// Hosts without a port.
fn hosts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    let hosts = Vec::<String>::deserialize(deserializer)?;
    let hosts: Result<_, _> = hosts.iter().map(|text| host(text)).collect();
    hosts.map(Some).map_err(D::Error::custom)
}

/// A span such as `5s` or `72h`.
fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map(Some).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_in_the_help_is_valid_and_has_every_key() {
        let example = HELP.split_once("\n\n").unwrap().1;
        let config = Config::parse(example).unwrap();
        assert_eq!(config.drain, Some(Duration::from_secs(10)));
        // A key that the example forgets would be empty here.
        let debug = format!("{config:?}");
        assert!(!debug.contains("None"), "{debug}");
        let settings = config.settings();
        assert_eq!(settings.database, Some(PathBuf::from("/var/lib/wrt/wrt.db")));
        assert_eq!(settings.limits.workflow_memory_bytes, Some(128 << 20));
        assert_eq!(settings.connections.total, Some(20_000));
        assert!(settings.page);
        assert_eq!(settings.listen_also, ["127.0.0.1:8233"]);
        assert_eq!(settings.namespace_limits, NamespaceLimits::default());
        assert_eq!(settings.namespaces, ["default", "shop"]);
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        let settings = Config::parse("").unwrap().settings();
        assert_eq!(settings.listen, "127.0.0.1:7233");
        assert!(settings.limits.instances.is_none());
        assert!(!settings.page);
    }

    #[test]
    fn errors_name_the_place() {
        for (text, expected) in [
            ("lisen = 1", "unknown field `lisen`"),
            ("drain = \"soon\"", "expected number"),
            ("allowed_hosts = [\"a:1\"]", "not a host without scheme"),
            ("[log]\nlevel = \"loud\"", "unknown variant `loud`"),
            ("[namespace_limits]\nhistory = 1", "there is no limit \"history\""),
        ] {
            let error = format!("{:#}", Config::parse(text).unwrap_err());
            assert!(error.contains(expected) && error.contains("line"), "{error}");
        }
    }
}
