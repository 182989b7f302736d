//! What becomes of the starts in the buffer, by their overlap policies.
//!
//! | policy          | nothing runs | something runs              | another one is about to start |
//! |-----------------|--------------|-----------------------------|-------------------------------|
//! | SKIP            | starts       | is skipped                  | is skipped                    |
//! | BUFFER_ONE      | starts       | waits, if it is the only one | waits, if it is the only one  |
//! | BUFFER_ALL      | starts       | waits                       | waits                         |
//! | CANCEL_OTHER    | starts       | waits, and cancels it       | starts instead                |
//! | TERMINATE_OTHER | starts       | waits, and terminates it    | starts instead                |
//! | ALLOW_ALL       | starts       | starts                      | starts                        |

use wrt_model::{proto::enums::ScheduleOverlapPolicy as Policy, schedule::ScheduledStart};

/// What is to be done now.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// Starts beside all others.
    pub(super) beside: Vec<ScheduledStart>,
    /// Starts when nothing but the above runs.
    pub(super) alone: Option<ScheduledStart>,
    /// Waits until what runs has closed.
    pub(super) waiting: Vec<ScheduledStart>,
    /// How those that run are to be ended.
    pub(super) end: Option<End>,
    /// Starts that never happen.
    pub(super) skipped: i64,
}

/// How a workflow is ended for another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It is asked to cancel itself.
    Cancel,
    /// It is not asked.
    Terminate,
}

/// Decides about starts in their order. `policy_of` gives each one's policy, which is specified.
pub(super) fn plan(
    buffered: Vec<ScheduledStart>,
    is_running: bool,
    policy_of: impl Fn(&ScheduledStart) -> Policy,
) -> Plan {
    let mut plan = Plan::default();
    for start in buffered {
        let policy = policy_of(&start);
        if policy == Policy::AllowAll {
            plan.beside.push(start);
        } else if !is_running && plan.alone.is_none() {
            plan.alone = Some(start);
        } else {
            plan.overlap(start, policy, is_running);
        }
    }
    plan
}

impl Plan {
    fn overlap(&mut self, start: ScheduledStart, policy: Policy, is_running: bool) {
        let end = match policy {
            Policy::Unspecified | Policy::Skip | Policy::AllowAll => {
                self.skipped += 1;
                return;
            }
            Policy::BufferOne if !self.waiting.is_empty() => {
                self.skipped += 1;
                return;
            }
            Policy::BufferOne | Policy::BufferAll => None,
            Policy::CancelOther => Some(End::Cancel),
            Policy::TerminateOther => Some(End::Terminate),
        };
        if end.is_some() && !is_running {
            self.alone = Some(start);
        } else {
            self.waiting.push(start);
            self.end = self.end.max(end);
        }
    }
}
