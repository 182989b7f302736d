package main

import (
	"context"
	"fmt"
	"time"

	"wrt.dev/sdk/activity"
	"wrt.dev/sdk/temporal"
)

// Activities are those that every guest of the scenarios has.
type Activities struct{}

// Echo returns its argument.
func (*Activities) Echo(_ context.Context, arguments ...any) (any, error) {
	switch len(arguments) {
	case 0:
		return nil, nil
	case 1:
		return arguments[0], nil
	}
	return arguments, nil
}

// Fail fails as it is told.
func (*Activities) Fail(_ context.Context, failure object) error {
	return frame{}.failure(failure)
}

// FailUntil fails before attempt n.
func (*Activities) FailUntil(ctx context.Context, n int) (int, error) {
	attempt := int(activity.GetInfo(ctx).Attempt)
	if attempt < n {
		return 0, temporal.NewApplicationError(fmt.Sprintf("attempt %d of %d", attempt, n), "NotYet")
	}
	return attempt, nil
}

// Progress goes one further than the attempt before.
func (*Activities) Progress(ctx context.Context, n int) (int, error) {
	last := 0
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &last); err != nil {
			return 0, err
		}
	}
	next := last + 1
	activity.RecordHeartbeat(ctx, next)
	if next != n {
		return 0, temporal.NewApplicationError(fmt.Sprintf("%d of %d", next, n), "Halfway")
	}
	return n, nil
}

// WaitForCancel heartbeats until it is asked to stop.
func (*Activities) WaitForCancel(ctx context.Context) error {
	for ctx.Err() == nil {
		activity.RecordHeartbeat(ctx)
		time.Sleep(20 * time.Millisecond)
	}
	return temporal.NewCanceledError()
}

// Describe returns facts about the attempt.
func (*Activities) Describe(ctx context.Context) (object, error) {
	info := activity.GetInfo(ctx)
	return object{
		"activity_type": info.ActivityType.Name,
		"attempt":       info.Attempt,
		"workflow_type": info.WorkflowType.Name,
		"task_queue":    info.TaskQueue,
	}, nil
}

// Slow sleeps.
func (*Activities) Slow(_ context.Context, milliseconds int) error {
	time.Sleep(time.Duration(milliseconds) * time.Millisecond)
	return nil
}
