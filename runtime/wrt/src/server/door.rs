//! Whom the server lets in: the names that it goes by, and how many connections there may be.

use std::{net::IpAddr, time::Duration};

use clap::Args;
use wrt_api::ConnectionLimits;

use super::settings::{Settings, set};

/// The share of the files that the process may open which connections may take, in percent. The database, components and
/// whatever these open have the rest.
const SHARE_OF_FILES: u64 = 75;

/// `--allowed-host`.
#[derive(Clone, Debug, Args)]
pub(super) struct DoorArgs {
    /// A name or address by which callers may call the server, beside localhost and the address that it listens on. `*.` in
    /// front stands for all names below one. Repeatable
    ///
    /// Any web page whose name has been pointed at this machine could use the server otherwise. Clients of gRPC that are no
    /// browsers may use every name.
    #[arg(
        long,
        env = "WRT_ALLOWED_HOSTS",
        hide_env_values = true,
        value_delimiter = ',',
        value_parser = host,
        value_name = "HOST"
    )]
    allowed_host: Vec<String>,
}

/// How many connections there may be, and for how long they may be idle. What is not set has a default.
#[derive(Clone, Debug, Default)]
pub(super) struct Connections {
    /// Of all callers together.
    pub(super) total: Option<usize>,
    /// Of one address.
    pub(super) per_address: Option<usize>,
    /// The longest wait for a caller's greeting.
    pub(super) greeting: Option<Duration>,
    /// The longest wait for more of a body.
    pub(super) body: Option<Duration>,
    /// The longest time without a call.
    pub(super) idle: Option<Duration>,
}

impl DoorArgs {
    /// Adds what is given to what was set.
    pub(super) fn apply_to(&self, settings: &mut Settings) {
        settings.allowed_hosts.extend_from_slice(&self.allowed_host);
    }
}

impl Connections {
    /// The limits, in a process that may open so many files.
    pub(super) fn limits(&self, open_files: Option<u64>) -> ConnectionLimits {
        let mut limits = ConnectionLimits::default();
        let (total, per_address) = (limits.total, limits.per_address);
        if let Some(files) = open_files {
            let share = usize::try_from(files.saturating_mul(SHARE_OF_FILES) / 100).unwrap_or(usize::MAX);
            limits.total = total.min(share);
        }
        set(&mut limits.total, self.total);
        // The same share of fewer connections.
        limits.per_address = (limits.total.saturating_mul(per_address) / total).max(1);
        set(&mut limits.per_address, self.per_address);
        set(&mut limits.greeting, self.greeting);
        set(&mut limits.body, self.body);
        set(&mut limits.idle, self.idle);
        limits
    }
}

/// Reads a host as requests name it, without a port.
pub(crate) fn host(text: &str) -> Result<String, String> {
    let is_address = text.parse::<IpAddr>().is_ok();
    let name = text.strip_prefix("*.").unwrap_or(text);
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-._".contains(c));
    match is_address || is_name || text == "*" {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "{text:?} is not a host without scheme, port and path, such as wrt.example.com, 10.0.0.7 or *.example.com"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_addresses() {
        for text in ["wrt.example.com", "wrt_1", "10.0.0.7", "::1", "*.example.com", "*"] {
            assert_eq!(host(text).as_deref(), Ok(text));
        }
        for text in ["", "*.", "a*", "http://a", "a:1", "a/b", "u@a", "[::1]", "a b"] {
            assert!(host(text).is_err(), "{text}");
        }
    }

    #[track_caller]
    fn check(connections: &Connections, open_files: Option<u64>, total: usize, per_address: usize) {
        let limits = connections.limits(open_files);
        assert_eq!((limits.total, limits.per_address), (total, per_address));
    }

    #[test]
    fn connections_leave_files_to_others() {
        let default = Connections::default();
        check(&default, None, 20_000, 15_000);
        check(&default, Some(1 << 20), 20_000, 15_000);
        check(&default, Some(1024), 768, 576);
        check(&default, Some(1), 0, 1);
        let some = Connections {
            total: Some(100),
            ..Connections::default()
        };
        check(&some, Some(1024), 100, 75);
        let both = Connections {
            per_address: Some(9),
            ..some
        };
        check(&both, Some(16), 100, 9);
    }
}
