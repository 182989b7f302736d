//! A context for testing activity functions.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use crate::{ActivityContext, ActivityInfo, FromPayload, Payload, ToPayload, activity_task::ActivityHost};

/// Stands for the runtime in the test of an activity function.
///
/// ```
/// use wrt_sdk::{ActivityContext, Result, testing::TestActivity};
///
/// fn copy(ctx: &ActivityContext, files: u32) -> Result<u32> {
///     let done = ctx.last_heartbeat()?.unwrap_or(0);
///     for file in done..files {
///         ctx.heartbeat(&file)?;
///     }
///     Ok(files - done)
/// }
///
/// let test = TestActivity::new().last_heartbeat(&2);
/// assert_eq!(copy(&test.context(), 5).unwrap(), 3);
/// assert_eq!(test.heartbeats::<u32>(), [2, 3, 4]);
///
/// test.cancel();
/// assert!(copy(&test.context(), 5).unwrap_err().is_canceled());
/// ```
#[derive(Clone, Default)]
pub struct TestActivity {
    info: ActivityInfo,
    host: Rc<Recorder>,
}

#[derive(Default)]
struct Recorder {
    heartbeats: RefCell<Vec<Payload>>,
    canceled: Cell<bool>,
}

impl TestActivity {
    /// The first attempt of an activity.
    pub fn new() -> Self {
        let info = ActivityInfo {
            attempt: 1,
            idempotency_key: "test".to_owned(),
            ..Default::default()
        };
        TestActivity {
            info,
            host: Rc::default(),
        }
    }

    /// The facts that the activity will be told.
    pub fn info_mut(&mut self) -> &mut ActivityInfo {
        &mut self.info
    }

    /// Says what the last attempt before sent as its heartbeat.
    ///
    /// # Panics
    ///
    /// Panics when the value cannot be encoded.
    #[must_use]
    pub fn last_heartbeat(mut self, progress: &impl ToPayload) -> Self {
        let progress = progress
            .to_payload()
            .expect("the progress that the test gives can be encoded");
        self.info.heartbeat_details = vec![progress];
        self
    }

    /// The context to call the function with.
    pub fn context(&self) -> ActivityContext {
        ActivityContext::new(self.info.clone(), self.host.clone())
    }

    /// Asks the activity to stop.
    pub fn cancel(&self) {
        self.host.canceled.set(true);
    }

    /// The heartbeats so far.
    ///
    /// # Panics
    ///
    /// Panics when one of them is no `T`.
    pub fn heartbeats<T: FromPayload>(&self) -> Vec<T> {
        let heartbeats = self.host.heartbeats.borrow().clone();
        let decode = |payload| T::from_payload(payload).expect("the heartbeat has the type that the test expects");
        heartbeats.into_iter().map(decode).collect()
    }
}

impl ActivityHost for Recorder {
    fn heartbeat(&self, details: Payload) -> bool {
        self.heartbeats.borrow_mut().push(details);
        self.canceled.get()
    }

    fn is_cancel_requested(&self) -> bool {
        self.canceled.get()
    }
}
