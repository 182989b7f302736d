//! What a server needs to know, whoever says it.

use std::{collections::BTreeMap, net::Ipv6Addr, path::PathBuf, time::Duration};

use wrt_host::HostOptions;
use wrt_model::{Limits as NamespaceLimits, proto::enums::IndexedValueType};

use super::{LogFormat, LogLevel, door::Connections};

/// The settings of a server.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// `host:port` to listen on.
    pub(super) listen: String,
    /// More of these, which serve the same; for clients that look for HTTP elsewhere than for gRPC.
    pub(super) listen_also: Vec<String>,
    /// Names by which callers may call the server, beside those of its machine.
    pub(super) allowed_hosts: Vec<String>,
    /// How many connections there may be; what is not set follows from how many files the process may open.
    pub(super) connections: Connections,
    /// Whether the web page is shown, at every address that is listened on.
    pub(super) page: bool,
    /// An address for the web page that may be left out when somebody else has it.
    pub(super) page_listen: Option<String>,
    /// A server that decodes payloads for the web page, as a URL.
    pub(super) codec_endpoint: Option<String>,
    /// Whether time is skipped while nothing happens, and how many locks keep it from that at first.
    pub(super) time_skipping: Option<u32>,
    /// The database file; none for a database in memory.
    pub(super) database: Option<PathBuf>,
    /// Reads of the database that may run at the same time.
    pub(super) readers: u32,
    /// The folder for compiled components; none to compile them anew at each start.
    pub(super) cache_dir: Option<PathBuf>,
    /// Namespaces that there must be; they are registered when they are missing.
    pub(super) namespaces: Vec<String>,
    /// Search attributes that each of these namespaces is to have.
    pub(super) search_attributes: BTreeMap<String, IndexedValueType>,
    /// How long closed workflows of namespaces registered here are kept.
    pub(super) retention: Duration,
    /// How long calls and tasks that are under way may take to end, once the server is to stop.
    pub(super) drain: Duration,
    /// The longest wait of a worker for a task; Temporal's by default.
    pub(super) longest_poll: Duration,
    /// What components may use.
    pub(super) limits: Limits,
    /// What namespaces allow that set no limits of their own.
    pub(super) namespace_limits: NamespaceLimits,
    /// What is logged.
    pub(super) log_level: LogLevel,
    /// How it is logged.
    pub(super) log_format: LogFormat,
}

/// What components may use; `None` leaves the default of the crate that keeps the limit.
#[derive(Clone, Debug, Default)]
pub(super) struct Limits {
    /// Bytes of memory of one run.
    pub(super) workflow_memory_bytes: Option<usize>,
    /// The longest that a run may compute at a time.
    pub(super) activation_time: Option<Duration>,
    /// Bytes of memory of one attempt of an activity.
    pub(super) activity_memory_bytes: Option<usize>,
    /// Instances of workflows that exist at the same time.
    pub(super) instances: Option<u32>,
    /// Bytes that waiting runs may keep in memory together.
    pub(super) parked_memory_bytes: Option<usize>,
    /// Activities of components that run at the same time.
    pub(super) concurrent_activities: Option<usize>,
}

impl Settings {
    /// The settings of a server that nobody has configured.
    pub(super) fn with_defaults() -> Self {
        Settings {
            listen: listen_address("127.0.0.1", 7233),
            listen_also: Vec::new(),
            allowed_hosts: Vec::new(),
            connections: Connections::default(),
            page: false,
            page_listen: None,
            codec_endpoint: None,
            time_skipping: None,
            database: Some(data_dir().join("wrt.db")),
            readers: 4,
            cache_dir: cache_dir().map(|folder| folder.join("components")),
            namespaces: vec!["default".to_owned()],
            search_attributes: BTreeMap::new(),
            retention: Duration::from_secs(72 * 3600),
            drain: Duration::from_secs(10),
            longest_poll: Duration::from_secs(60),
            limits: Limits::default(),
            namespace_limits: NamespaceLimits::default(),
            log_level: LogLevel::default(),
            log_format: LogFormat::default(),
        }
    }
}

impl Limits {
    /// The options of a host with these limits.
    pub(super) fn host_options(&self, cache_dir: Option<PathBuf>) -> HostOptions {
        let mut options = HostOptions {
            cache_dir,
            ..HostOptions::default()
        };
        set(&mut options.workflow.memory_bytes, self.workflow_memory_bytes);
        set(&mut options.workflow.activation_time, self.activation_time);
        set(&mut options.activity.memory_bytes, self.activity_memory_bytes);
        set(&mut options.instances, self.instances);
        // Twice as many, as there are local activities and questions to components beside.
        let places = self.concurrent_activities.map(|count| count.saturating_mul(2).max(1));
        set(
            &mut options.activities,
            places.map(|places| u32::try_from(places).unwrap_or(u32::MAX)),
        );
        options
    }
}

/// Puts a value in the place of a default, if there is one.
pub(super) fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// The folder that keeps databases for which no place was chosen: the user's data folder, or the current one for a user
/// who has none.
pub(super) fn data_dir() -> PathBuf {
    dirs::data_dir().map(|folder| folder.join("wrt")).unwrap_or_default()
}

/// The user's folder for what can be made again.
pub(crate) fn cache_dir() -> Option<PathBuf> {
    dirs::cache_dir().map(|folder| folder.join("wrt"))
}

/// `host:port`, with brackets around an IPv6 address.
pub(super) fn listen_address(host: &str, port: u16) -> String {
    if host.parse::<Ipv6Addr>().is_ok() {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_is_told_from_its_port() {
        assert_eq!(listen_address("127.0.0.1", 7233), "127.0.0.1:7233");
        assert_eq!(listen_address("::1", 7233), "[::1]:7233");
        assert_eq!(listen_address("localhost", 0), "localhost:0");
    }

    #[test]
    fn limits_that_are_not_set_stay_the_defaults() {
        let limits = Limits {
            workflow_memory_bytes: Some(1 << 20),
            ..Limits::default()
        };
        let options = limits.host_options(None);
        assert_eq!(options.activities, HostOptions::default().activities);
        assert_eq!(options.workflow.memory_bytes, 1 << 20);
        assert_eq!(
            options.workflow.activation_time,
            HostOptions::default().workflow.activation_time
        );
        assert_eq!(options.instances, HostOptions::default().instances);
    }
}
