//! Limits: what a workflow may ask for, so that it cannot harm the others.
//!
//! A namespace keeps those that it has set; for the rest the server's count, which are Temporal's unless they are
//! configured. Sizes are in bytes.

use std::collections::BTreeMap;

/// The longest id, name or reason, in bytes.
pub const ID_BYTES: usize = 1_000;

/// The largest search attributes of a run, in bytes.
pub const SEARCH_ATTRIBUTES_BYTES: usize = 40 * 1024;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The value of a limit that is not there. Outside, 0 stands for it.
const UNLIMITED: u64 = u64::MAX;

/// Declares the fields, each with its default and with the key under which Temporal's dynamic configuration knows it.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident = $default:expr, $key:literal;)+) => {
        /// The limits of a namespace.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: u64,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($name: $default,)+ }
            }
        }

        impl Limits {
            /// The names of all limits, in the order in which people read them.
            pub const NAMES: &[&str] = &[$(stringify!($name),)+];

            /// The name of a limit that may be given by its key in Temporal's dynamic configuration.
            pub fn name(name_or_key: &str) -> Result<&'static str, UnknownLimit> {
                match name_or_key {
                    $(stringify!($name) | $key => Ok(stringify!($name)),)+
                    _ => Err(UnknownLimit(name_or_key.to_owned())),
                }
            }

            fn place(&mut self, name: &str) -> Option<&mut u64> {
                match name {
                    $(stringify!($name) => Some(&mut self.$name),)+
                    _ => None,
                }
            }
        }
    };
}

limits! {
    /// Bytes of one event from which on the server logs a warning.
    blob_size_warn = 512 * KIB, "limit.blobSize.warn";
    /// Bytes of one input, result, failure or details. A call with more is refused, and a command fails its workflow task.
    blob_size_error = 2 * MIB, "limit.blobSize.error";
    /// Bytes of the memo of a run.
    memo_size_error = 2 * MIB, "limit.memoSize.error";
    /// Bytes of the commands of one workflow task that come in several calls. Those of one call are bounded as any call is.
    workflow_task_completion_size_error = 16 * MIB, "system.transactionSizeLimit";
    /// Events of a history from which on the server logs a warning.
    history_count_warn = 10 * KIB, "limit.historyCount.warn";
    /// Events of a history. A run with more is terminated.
    history_count_error = 50 * KIB, "limit.historyCount.error";
    /// Events of a history from which on the workflow is advised to continue as new.
    history_count_suggest_continue_as_new = 4 * KIB, "limit.historyCount.suggestContinueAsNew";
    /// Bytes of a history from which on the server logs a warning.
    history_size_warn = 10 * MIB, "limit.historySize.warn";
    /// Bytes of a history. A run with more is terminated.
    history_size_error = 50 * MIB, "limit.historySize.error";
    /// Bytes of a history from which on the workflow is advised to continue as new.
    history_size_suggest_continue_as_new = 4 * MIB, "limit.historySize.suggestContinueAsNew";
    /// Activities of a run that may be open at the same time. A command for one more fails its workflow task.
    pending_activities = 2_000, "limit.numPendingActivities.error";
    /// Children of a run that may be open at the same time, likewise.
    pending_child_executions = 2_000, "limit.numPendingChildExecutions.error";
    /// Signals of a run that may be on their way to other workflows, likewise.
    pending_signals = 2_000, "limit.numPendingSignals.error";
    /// Requests to cancel of a run that may be on their way to other workflows, likewise.
    pending_cancel_requests = 2_000, "limit.numPendingCancelRequests.error";
    /// Signals that a run takes in its life.
    signals_per_execution = 10_000, "history.maximumSignalsPerExecution";
    /// Updates of a run that may be under way at the same time.
    in_flight_updates = 10, "history.maxInFlightUpdates";
    /// Updates that a run takes in its life.
    total_updates = 2_000, "history.maxTotalUpdates";
}

/// There is no limit of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no limit {0:?}; the limits are {names}", names = Limits::NAMES.join(", "))]
pub struct UnknownLimit(pub String);

impl Limits {
    /// No limits at all, for what has been decided before.
    pub fn unlimited() -> Self {
        let mut limits = Limits::default();
        for name in Limits::NAMES {
            *limits.place(name).expect("a name of the list") = UNLIMITED;
        }
        limits
    }

    /// These limits with those that a namespace has set in their place. Names that this version does not know are passed
    /// over.
    pub fn with(mut self, set: &BTreeMap<String, u64>) -> Self {
        for (name, value) in set {
            // Another version may have set it.
            let _ = self.set(name, *value);
        }
        self
    }

    /// Sets a limit by its name, or by its key in Temporal's dynamic configuration. 0 stands for no limit.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), UnknownLimit> {
        let place = self.place(Limits::name(name)?).expect("a name of the list");
        *place = if value == 0 { UNLIMITED } else { value };
        Ok(())
    }

    /// The value of a limit; 0 stands for no limit.
    pub fn get(mut self, name: &str) -> Option<u64> {
        self.place(name)
            .map(|value| if *value == UNLIMITED { 0 } else { *value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_namespace_has_set_wins() {
        let set = BTreeMap::from([
            ("pending_activities".to_owned(), 7),
            ("history_count_error".to_owned(), 0),
            ("of_a_later_version".to_owned(), 1),
        ]);
        let limits = Limits::default().with(&set);
        assert_eq!(limits.pending_activities, 7);
        assert_eq!(limits.history_count_error, UNLIMITED);
        assert_eq!(limits.get("history_count_error"), Some(0));
        assert_eq!(limits.get("pending_signals"), Some(2_000));
    }

    #[test]
    fn limits_are_known_by_their_names_and_by_temporals_keys() {
        let mut limits = Limits::default();
        assert_eq!(limits.set("limit.historyCount.error", 9), Ok(()));
        assert_eq!(limits.history_count_error, 9);
        let error = limits.set("history", 1).unwrap_err().to_string();
        assert!(
            error.starts_with("there is no limit \"history\"; the limits are blob_size_warn, "),
            "{error}"
        );
        assert_eq!(Limits::unlimited().get("total_updates"), Some(0));
    }
}
