//! The script: which actions follow on which job.
//!
//! | action | what it does |
//! |---|---|
//! | `schedule TYPE [TEXT]` | schedules an activity with a start-to-close timeout of 10 s |
//! | `schedule-with ID QUEUE TYPE` | the same, with an id, a task queue and every other option |
//! | `local TYPE [TEXT]` | asks for a local activity with a start-to-close timeout of 1 s |
//! | `timer SECONDS` | starts a timer |
//! | `cancel-timer SEQ`, `cancel-activity SEQ` | cancels |
//! | `complete [TEXT]`, `fail TEXT`, `canceled` | ends the run; without a text `complete` gives the transcript |
//! | `fail-empty` | fails with a chain without links |
//! | `continue TEXT` | goes on in a new run with this script |
//! | `child ID TYPE`, `cancel-child SEQ WHY`, `signal-child SEQ NAME` | has a child, whose input is its id |
//! | `signal-external ID NAME`, `cancel-external ID WHY` | talks to another workflow |
//! | `accept ID`, `reject ID WHY`, `answer ID TEXT`, `refuse ID WHY` | answers an update |
//! | `patched ID`, `deprecate ID` | asks for a patch, into the transcript |
//! | `attribute NAME JSON`, `memo NAME JSON` | changes what lists show |
//! | `log TEXT`, `print TEXT`, `eprint TEXT` | writes |
//! | `now`, `elapsed`, `random`, `hash` | asks the standard library, into the transcript |
//! | `env`, `file`, `input`, `tcp`, `udp`, `lookup` | the same, of the world outside |
//! | `error TEXT` | returns an error from `activate` |
//! | `panic TEXT`, `exit`, `loop`, `bomb`, `recurse`, `sleep`, `flood` | misbehaves |

use crate::exports::wrt::workflow::guest::Job;

/// The rules of a script.
#[derive(Default)]
pub struct Script(Vec<(String, Vec<String>)>);

impl Script {
    /// Reads `trigger => action; action` lines.
    pub fn parse(text: &str) -> Self {
        let rules = text.lines().filter_map(|line| {
            let (trigger, actions) = line.split_once("=>")?;
            let actions = actions.split(';').map(|action| action.trim().to_owned());
            Some((trigger.trim().to_owned(), actions.collect()))
        });
        Script(rules.collect())
    }

    /// What follows on this trigger.
    pub fn actions(&self, trigger: &str) -> Vec<String> {
        self.0
            .iter()
            .filter(|(on, _)| on == trigger)
            .flat_map(|(_, actions)| actions.clone())
            .collect()
    }
}

/// The trigger that a job pulls.
pub fn trigger(job: &Job) -> String {
    match job {
        Job::Start(_) => "start".to_owned(),
        Job::TimerFired(seq) => format!("fired {seq}"),
        Job::ActivityResolved(resolved) => format!("resolved {}", resolved.seq),
        Job::Signal(signal) => format!("signal {}", signal.name),
        Job::CancelRequested(_) => "cancel".to_owned(),
        Job::ChildWorkflowStarted(started) => format!("child-started {}", started.seq),
        Job::ChildWorkflowResolved(resolved) => format!("child-resolved {}", resolved.seq),
        Job::ExternalResolved(resolved) => format!("external {}", resolved.seq),
        Job::Update(update) => format!("update {}", update.name),
    }
}
