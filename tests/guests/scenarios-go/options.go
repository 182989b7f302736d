package main

import (
	"time"

	"wrt.dev/sdk/enums"
	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/workflow"
)

func milliseconds(v any) time.Duration {
	return time.Duration(number(v) * float64(time.Millisecond))
}

func retryPolicy(v any) *temporal.RetryPolicy {
	given, ok := v.(object)
	if !ok {
		return nil
	}
	policy := &temporal.RetryPolicy{
		InitialInterval:    milliseconds(given["initial_ms"]),
		BackoffCoefficient: number(given["backoff"]),
		MaximumInterval:    milliseconds(given["maximum_ms"]),
		MaximumAttempts:    int32(number(given["maximum_attempts"])),
	}
	for _, name := range steps(given["non_retryable"]) {
		policy.NonRetryableErrorTypes = append(policy.NonRetryableErrorTypes, text(name))
	}
	return policy
}

func activityOptions(given object) workflow.ActivityOptions {
	options := workflow.ActivityOptions{
		TaskQueue:              text(given["task_queue"]),
		ScheduleToCloseTimeout: milliseconds(given["schedule_to_close_ms"]),
		ScheduleToStartTimeout: milliseconds(given["schedule_to_start_ms"]),
		StartToCloseTimeout:    milliseconds(given["start_to_close_ms"]),
		HeartbeatTimeout:       milliseconds(given["heartbeat_ms"]),
		ActivityID:             text(given["activity_id"]),
		Summary:                text(given["summary"]),
		RetryPolicy:            retryPolicy(given["retry"]),
		WaitForCancellation:    given["cancellation"] == "wait",
	}
	if options.StartToCloseTimeout == 0 && options.ScheduleToCloseTimeout == 0 {
		options.StartToCloseTimeout = 10 * time.Second
	}
	return options
}

func localActivityOptions(given object) workflow.LocalActivityOptions {
	options := activityOptions(given)
	return workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: options.ScheduleToCloseTimeout,
		StartToCloseTimeout:    options.StartToCloseTimeout,
		RetryPolicy:            options.RetryPolicy,
		ActivityID:             options.ActivityID,
	}
}

func (f frame) childOptions(given object) workflow.ChildWorkflowOptions {
	options := workflow.ChildWorkflowOptions{
		WorkflowID:               text(f.value(given["workflow_id"])),
		TaskQueue:                text(given["task_queue"]),
		WorkflowExecutionTimeout: milliseconds(given["execution_timeout_ms"]),
		WorkflowRunTimeout:       milliseconds(given["run_timeout_ms"]),
		WorkflowTaskTimeout:      milliseconds(given["task_timeout_ms"]),
		RetryPolicy:              retryPolicy(given["retry"]),
		CronSchedule:             text(given["cron"]),
		WaitForCancellation:      given["cancellation"] == "wait",
	}
	if memo, ok := f.value(given["memo"]).(object); ok {
		options.Memo = memo
	}
	switch given["parent_close"] {
	case "abandon":
		options.ParentClosePolicy = enums.PARENT_CLOSE_POLICY_ABANDON
	case "cancel":
		options.ParentClosePolicy = enums.PARENT_CLOSE_POLICY_REQUEST_CANCEL
	}
	switch given["id_reuse"] {
	case "failed_only":
		options.WorkflowIDReusePolicy = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
	case "reject":
		options.WorkflowIDReusePolicy = enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	}
	return options
}
