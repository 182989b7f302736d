//! The one place that reads the clock.

use tokio::time::Instant;
use wrt_model::Time;

/// The present.
#[expect(clippy::disallowed_methods, reason = "everything else gets `now` from here")]
pub(crate) fn now() -> Time {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock is set after 1970");
    Time::EPOCH.plus(since_epoch)
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
