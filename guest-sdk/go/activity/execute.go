package activity

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/temporal"
)

// Execute is for the SDK's own packages: it runs one attempt.
func Execute(types *registry.Registry, host contract.ActivityHost, task contract.ActivityTask) contract.Outcome {
	activity, err := types.Activity(task.ActivityType)
	if err != nil {
		return failure(temporal.NewNonRetryableApplicationError(err.Error(), "NotFoundError", nil))
	}
	arguments, err := activity.Function.Decode(task.Input)
	if err != nil {
		return failure(temporal.NewNonRetryableApplicationError(err.Error(), "PayloadError", nil))
	}
	ctx := NewContext(host, task)
	defer attemptOf(ctx).cancel()
	result, err := call(func() (any, error) { return activity.Function.Call(ctx, arguments) })
	if err != nil {
		if errors.Is(err, context.Canceled) && ctx.Err() != nil {
			err = temporal.NewCanceledError()
		}
		return failure(err)
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(result)
	if err != nil {
		return failure(err)
	}
	return contract.Outcome{Payloads: payloads}
}

// NewContext is for the SDK's own packages: it makes the context of an attempt.
func NewContext(host contract.ActivityHost, task contract.ActivityTask) context.Context {
	started := time.Now()
	a := &attempt{host: host, last: task.HeartbeatDetails, info: Info{
		WorkflowType:      &WorkflowType{task.WorkflowType},
		WorkflowNamespace: task.Namespace,
		WorkflowExecution: WorkflowExecution{task.WorkflowID, task.RunID},
		ActivityID:        task.ActivityID,
		ActivityType:      Type{task.ActivityType},
		TaskQueue:         task.TaskQueue,
		Attempt:           int32(task.Attempt),
		IdempotencyKey:    task.IdempotencyKey,
		StartedTime:       started,
	}}
	ctx, cancel := context.WithCancel(context.Background())
	if task.HeartbeatTimeout != nil {
		a.info.HeartbeatTimeout = *task.HeartbeatTimeout
	}
	if task.StartToCloseTimeout != nil {
		a.info.StartToCloseTimeout = *task.StartToCloseTimeout
		a.info.Deadline = started.Add(*task.StartToCloseTimeout)
		ctx, cancel = context.WithDeadline(context.Background(), a.info.Deadline)
	}
	a.cancel = cancel
	return context.WithValue(ctx, attemptKey{}, a)
}

// call makes an error of a panic.
func call(f func() (any, error)) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = temporal.NewPanicError(p, string(debug.Stack()))
		}
	}()
	return f()
}

// failure is that of the attempt, which has one link: its causes are shown where the stack is.
func failure(err error) contract.Outcome {
	f := temporal.GetDefaultFailureConverter().ErrorToFailure(err)
	only := &contract.Failure{Message: f.Message, Source: f.Source, StackTrace: f.StackTrace, Info: f.Info}
	switch f.Info.(type) {
	case *contract.ApplicationInfo, *contract.CanceledInfo:
		for link := f.Cause; link != nil; link = link.Cause {
			only.StackTrace += "caused by: " + link.Message + "\n" + link.StackTrace
		}
	default:
		only.Message, only.Info = err.Error(), &contract.ApplicationInfo{Type: fmt.Sprintf("%T", err)}
	}
	return contract.Outcome{Failure: only}
}
