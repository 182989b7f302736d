use super::*;
use wrt_model::{payload, proto::common::Callback, proto::workflow};

fn valid() -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        namespace: "default".into(),
        workflow_id: "order-1".into(),
        workflow_type: Some(WorkflowType {
            name: "OrderWorkflow".into(),
        }),
        task_queue: Some(TaskQueue {
            name: "orders".into(),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn valid_with_signal() -> SignalWithStartWorkflowExecutionRequest {
    SignalWithStartWorkflowExecutionRequest {
        namespace: "default".into(),
        workflow_id: "order-1".into(),
        workflow_type: Some(WorkflowType {
            name: "OrderWorkflow".into(),
        }),
        task_queue: Some(TaskQueue {
            name: "orders".into(),
            ..Default::default()
        }),
        signal_name: "add-item".into(),
        ..Default::default()
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut StartWorkflowExecutionRequest), expected: &str) {
    let mut request = valid();
    change(&mut request);
    let said = start(&mut request, &Limits::default()).map_or_else(|error| error.to_string(), |()| "ok".to_owned());
    assert!(said.starts_with(expected), "{said:?} does not start with {expected:?}");
}

#[test]
fn ids_and_names() {
    check(|_| {}, "ok");
    check(|r| r.workflow_id.clear(), "WorkflowId is not set on request.");
    check(
        |r| r.workflow_id = "x".repeat(1001),
        "WorkflowId exceeds maximum allowed length (1001/1000)",
    );
    check(|r| r.workflow_type = None, "WorkflowType is not set on request.");
    check(
        |r| r.workflow_type = Some(WorkflowType { name: "x".repeat(1001) }),
        "WorkflowType exceeds maximum allowed length",
    );
    check(|r| r.task_queue = None, "TaskQueue is not set on request.");
    check(
        |r| r.identity = "x".repeat(1001),
        "Identity exceeds maximum allowed length",
    );
    check(
        |r| r.request_id = "x".repeat(1001),
        "RequestId exceeds maximum allowed length",
    );
}

#[test]
fn times() {
    let negative = || Some(Duration { seconds: -1, nanos: 0 });
    check(
        |r| r.workflow_execution_timeout = negative(),
        "An invalid WorkflowExecutionTimeoutSeconds is set on request.",
    );
    check(
        |r| r.workflow_run_timeout = negative(),
        "An invalid WorkflowRunTimeoutSeconds is set on request.",
    );
    check(
        |r| r.workflow_task_timeout = negative(),
        "An invalid WorkflowTaskTimeoutSeconds is set on request.",
    );
    check(
        |r| r.workflow_start_delay = negative(),
        "An invalid WorkflowStartDelaySeconds is set on request.",
    );
    check(
        |r| {
            r.cron_schedule = "0 * * * *".into();
            r.workflow_start_delay = Some(Duration { seconds: 1, nanos: 0 });
        },
        "CronSchedule and WorkflowStartDelay may not be used together.",
    );
}

#[test]
fn sizes() {
    let large = payload::json(vec![b' '; 2 * 1024 * 1024]);
    check(
        |r| r.input = payload::payloads(vec![large.clone()]),
        "Blob data size exceeds limit. Input has ",
    );
    check(
        |r| {
            r.memo = Some(Memo {
                fields: [("note".to_owned(), large.clone())].into(),
            })
        },
        "Memo size exceeds limit.",
    );
    check(
        |r| {
            r.search_attributes = Some(SearchAttributes {
                indexed_fields: [("Note".to_owned(), large.clone())].into(),
            });
        },
        "SearchAttributes exceeds size limit.",
    );
}

#[test]
fn what_the_server_cannot_do_is_refused_by_name() {
    check(
        |r| r.completion_callbacks = vec![Callback::default()],
        "completion_callbacks is not supported",
    );
    check(
        |r| {
            r.on_conflict_options = Some(workflow::OnConflictOptions {
                attach_completion_callbacks: true,
                ..Default::default()
            });
        },
        "attaching request ID is required",
    );
    check(
        |r| r.last_completion_result = Some(Payloads::default()),
        "last_completion_result is not supported",
    );
    check(|r| r.request_eager_execution = true, "ok");
}

#[test]
fn overrides_of_versions() {
    use workflow::versioning_override::{OneTimeOverride, Override, PinnedOverride, PinnedOverrideBehavior};
    let with = |chosen: Option<Override>| {
        move |r: &mut StartWorkflowExecutionRequest| {
            r.versioning_override = Some(workflow::VersioningOverride {
                r#override: chosen,
                ..Default::default()
            });
        }
    };
    let pinned = |version| {
        Some(Override::Pinned(PinnedOverride {
            behavior: PinnedOverrideBehavior::Pinned as i32,
            version,
        }))
    };
    let version = wrt_model::proto::WorkerDeploymentVersion {
        deployment_name: "shop".to_owned(),
        build_id: "1".to_owned(),
    };
    check(with(None), "override behavior is required");
    check(with(Some(Override::AutoUpgrade(true))), "ok");
    check(with(pinned(Some(version.clone()))), "ok");
    check(with(pinned(None)), "must provide version if override is pinned.");
    let once = |version| {
        Some(Override::OneTime(OneTimeOverride {
            target_deployment_version: version,
        }))
    };
    check(with(once(Some(version))), "ok");
    check(
        with(once(None)),
        "must provide a target version if the override is for one task.",
    );
}

#[test]
fn priorities() {
    let with = |priority_key, fairness_key: &str, fairness_weight| {
        let fairness_key = fairness_key.to_owned();
        move |r: &mut StartWorkflowExecutionRequest| {
            r.priority = Some(Priority {
                priority_key,
                fairness_key,
                fairness_weight,
            });
        }
    };
    check(with(0, "", 0.0), "ok");
    check(with(5, "tenant", 1.5), "ok");
    check(with(6, "", 0.0), "ok");
    check(with(-1, "", 0.0), "priority key can't be negative: -1");
    check(
        with(1, &"x".repeat(65), 0.0),
        "fairness key length exceeds limit: 65/64",
    );
    check(with(1, "", -1.0), "fairness weight cannot be negative: -1");
    check(with(1, "", f32::NAN), "fairness weight cannot be negative: NaN");
}

#[test]
fn policies_settle() {
    // (reuse, conflict) as sent, and as settled for a start; `None` for a refusal.
    for (sent, settled) in [
        ((0, 0), Some((1, 1))),
        ((2, 0), Some((2, 1))),
        ((3, 2), Some((3, 2))),
        ((1, 3), Some((1, 3))),
        ((4, 0), Some((1, 3))),
        ((4, 1), None),
        ((4, 3), None),
        ((3, 3), None),
        ((9, 0), None),
        ((0, 9), None),
    ] {
        let mut request = valid();
        (request.workflow_id_reuse_policy, request.workflow_id_conflict_policy) = sent;
        let outcome = start(&mut request, &Limits::default()).ok();
        let outcome = outcome.map(|()| (request.workflow_id_reuse_policy, request.workflow_id_conflict_policy));
        assert_eq!(outcome, settled, "{sent:?}");
    }
}

#[test]
fn a_request_without_an_id_gets_one() {
    let mut request = valid();
    start(&mut request, &Limits::default()).unwrap();
    assert!(Uuid::try_parse(&request.request_id).is_ok());

    let mut request = StartWorkflowExecutionRequest {
        request_id: "mine".into(),
        ..valid()
    };
    start(&mut request, &Limits::default()).unwrap();
    assert_eq!(request.request_id, "mine");
}

#[test]
fn a_start_with_a_signal_uses_the_open_run() {
    let mut request = valid_with_signal();
    signal_with_start(&mut request, &Limits::default()).unwrap();
    assert_eq!(request.workflow_id_conflict_policy, Conflict::UseExisting as i32);
}

#[test]
fn a_signal_needs_a_name_and_cannot_fail_on_conflict() {
    let mut nameless = SignalWithStartWorkflowExecutionRequest {
        signal_name: String::new(),
        ..valid_with_signal()
    };
    let error = signal_with_start(&mut nameless, &Limits::default())
        .unwrap_err()
        .to_string();
    assert_eq!(error, "SignalName is not set on request.");

    let mut failing = SignalWithStartWorkflowExecutionRequest {
        workflow_id_conflict_policy: Conflict::Fail as i32,
        ..valid_with_signal()
    };
    let error = signal_with_start(&mut failing, &Limits::default())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("WORKFLOW_ID_CONFLICT_POLICY_FAIL is not supported"),
        "{error}"
    );
}
