//! The rules, told as stories: what happened, and the history that follows from it.

mod activity;
mod activity_control;
mod attributes;
mod cancel;
mod child_workflow;
mod continuation;
mod external_workflow;
mod invariants;
mod lengths;
mod limits;
mod pause;
mod rebuild;
mod repeat;
mod reset;
mod signal;
mod start;
mod story;
mod timer;
mod update;
mod versioning;
mod worker_deployment;
mod workflow;
mod workflow_options;
mod workflow_task;
mod workflow_task_for_workers;
mod workflow_task_problem;
