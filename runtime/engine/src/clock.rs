//! The one place that reads the clock.

use wrt_model::Time;

/// The present.
#[expect(clippy::disallowed_methods, reason = "everything else gets `now` from here")]
pub(crate) fn now() -> Time {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .expect("the clock is set after 1970");
    Time::EPOCH.plus(since_epoch)
}
