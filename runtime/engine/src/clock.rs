//! The one place that reads the clock, and the one that moves it.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;
use wrt_model::Time;

/// How far the clock is ahead of the wall's, in nanoseconds. A process has one clock, as it has one wall.
static AHEAD_NS: AtomicU64 = AtomicU64::new(0);

/// The present.
#[expect(clippy::disallowed_methods, reason = "everything else gets `now` from here")]
pub(crate) fn now() -> Time {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock is set after 1970");
    let ahead = Duration::from_nanos(AHEAD_NS.load(Ordering::Relaxed));
    Time::EPOCH.plus(since_epoch + ahead)
}

/// Moves the clock forward, if it has not come to this time yet.
pub(crate) fn advance_to(time: Time) {
    let step = time.since(now()).as_nanos();
    AHEAD_NS.fetch_add(u64::try_from(step).unwrap_or(u64::MAX), Ordering::Relaxed);
}

/// A point of the clock that never goes back, by which spans are measured.
#[expect(clippy::disallowed_methods, reason = "everything else gets `now` from here")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// The same point in time on the clock that never goes back; the present, if that clock does not reach back so far.
pub(crate) fn instant_of(time: Time) -> Instant {
    let instant = instant();
    instant.checked_sub(now().since(time)).unwrap_or(instant)
}
