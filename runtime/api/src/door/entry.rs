//! How many connections there are: in all, and of each caller.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::ConnectionLimits;

/// Whoever runs the server is told at most so often that callers are turned away.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(10);

/// Counts connections, and refuses those that are too many.
#[derive(Clone)]
pub(crate) struct Entry(Arc<Shared>);

struct Shared {
    limits: ConnectionLimits,
    counts: Mutex<Counts>,
    refused: Refused,
}

#[derive(Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Connections that were turned away since the last warning, by the reason.
#[derive(Default)]
struct Refused {
    total: AtomicU64,
    address: AtomicU64,
    descriptors: AtomicU64,
    news: Notify,
}

/// The place of one connection. It is free again when this is dropped.
pub(crate) struct Place {
    entry: Entry,
    address: IpAddr,
}

impl Entry {
    pub(crate) fn new(limits: ConnectionLimits) -> Self {
        Entry(Arc::new(Shared {
            limits,
            counts: Mutex::default(),
            refused: Refused::default(),
        }))
    }

    /// What connections are held to.
    pub(super) fn limits(&self) -> &ConnectionLimits {
        &self.0.limits
    }

    /// A place for a connection of this address, or `None` when there are too many.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = network(address);
        let Shared { limits, refused, .. } = &*self.0;
        let mut counts = self.counts();
        let of_address = counts.by_address.get(&address).copied().unwrap_or(0);
        let full = match () {
            () if counts.total >= limits.total => Some(&refused.total),
            () if of_address >= limits.per_address => Some(&refused.address),
            () => None,
        };
        if let Some(reason) = full {
            refused.count(reason);
            return None;
        }
        counts.total += 1;
        counts.by_address.insert(address, of_address + 1);
        let entry = self.clone();
        Some(Place { entry, address })
    }

    /// Counts a connection that was closed because the process has no descriptor for it.
    pub(super) fn refuse_for_descriptors(&self) {
        self.0.refused.count(&self.0.refused.descriptors);
    }

    /// Says in the log that callers are turned away: the first time at once, then now and then.
    pub(crate) async fn warn(&self) -> Infallible {
        let Shared { limits, refused, .. } = &*self.0;
        loop {
            refused.news.notified().await;
            let take = |count: &AtomicU64| Some(count.swap(0, Ordering::Relaxed)).filter(|count| *count > 0);
            if let Some(refused) = take(&refused.descriptors) {
                tracing::warn!(
                    refused,
                    "connections are refused: the process may not open more files; raise its limit (`ulimit -n`), or \
                     lower connections.total in the configuration"
                );
            }
            if let Some(refused) = take(&refused.total) {
                let limit = limits.total;
                tracing::warn!(
                    refused,
                    limit,
                    "connections are refused: there are as many as connections.total allows"
                );
            }
            if let Some(refused) = take(&refused.address) {
                let limit = limits.per_address;
                tracing::warn!(
                    refused,
                    limit,
                    "connections are refused: one address has as many as connections.per_address allows"
                );
            }
            tokio::time::sleep(BETWEEN_WARNINGS).await;
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Refused {
    fn count(&self, reason: &AtomicU64) {
        reason.fetch_add(1, Ordering::Relaxed);
        self.news.notify_one();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.entry.counts();
        counts.total -= 1;
        if let Some(count) = counts.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

/// What one caller has: an IPv4 address, or a whole IPv6 network, within which it chooses addresses as it likes.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(total: usize, per_address: usize) -> Entry {
        Entry::new(ConnectionLimits {
            total,
            per_address,
            ..ConnectionLimits::default()
        })
    }

    fn enter(entry: &Entry, address: &str) -> Option<Place> {
        entry.enter(address.parse().unwrap())
    }

    #[test]
    fn each_address_has_its_own_share() {
        let entry = entry(5, 2);
        let first = enter(&entry, "10.0.0.1");
        let second = enter(&entry, "::ffff:10.0.0.1");
        assert!(first.is_some() && second.is_some());
        assert!(enter(&entry, "10.0.0.1").is_none());
        let other = enter(&entry, "10.0.0.2");
        assert!(other.is_some(), "one caller does not shut others out");
        drop(first);
        assert!(enter(&entry, "10.0.0.1").is_some(), "a place is free again");
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let entry = entry(5, 1);
        let _first = enter(&entry, "2001:db8:1:2::1").unwrap();
        assert!(enter(&entry, "2001:db8:1:2:ffff::1").is_none());
        assert!(enter(&entry, "2001:db8:1:3::1").is_some());
    }

    #[test]
    fn all_together_have_a_limit() {
        let entry = entry(2, 2);
        let places = ["10.0.0.1", "10.0.0.2"].map(|address| enter(&entry, address).unwrap());
        assert!(enter(&entry, "10.0.0.3").is_none());
        drop(places);
        assert!(
            entry.counts().by_address.is_empty(),
            "nothing is kept of those who have gone"
        );
        assert!(enter(&entry, "10.0.0.3").is_some());
    }
}
