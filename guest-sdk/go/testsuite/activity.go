package testsuite

import (
	"fmt"
	"slices"
	"time"

	"wrt.dev/sdk/activity"
	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
)

// attempts is an activity of a run until it resolves.
type attempts struct {
	run       *instance
	seq       uint32
	task      contract.ActivityTask
	policy    contract.RetryPolicy
	scheduled time.Time
	toClose   *time.Duration
	resolved  bool
}

func (i *instance) schedule(seq uint32, name string, input []*contract.Payload, options contract.ActivityOptions) {
	a := &attempts{run: i, seq: seq, scheduled: i.world.now, toClose: options.ScheduleToCloseTimeout}
	a.task = contract.ActivityTask{
		Namespace: i.info.Namespace, WorkflowID: i.info.WorkflowID, RunID: i.info.RunID, WorkflowType: i.info.WorkflowType,
		ActivityID: fmt.Sprint(seq), ActivityType: name, TaskQueue: i.info.TaskQueue, Attempt: 1, Input: input,
		IdempotencyKey: fmt.Sprintf("%s/%d", i.info.RunID, seq), HeartbeatTimeout: options.HeartbeatTimeout,
	}
	if options.ActivityID != nil {
		a.task.ActivityID = *options.ActivityID
	}
	if options.TaskQueue != nil {
		a.task.TaskQueue = *options.TaskQueue
	}
	if options.RetryPolicy != nil {
		a.policy = *options.RetryPolicy
	}
	i.world.after(0, a.run1)
}

// run1 runs an attempt, and plans the next one.
func (a *attempts) run1() {
	if a.run.canceled[a.seq] {
		a.fail(&contract.Failure{Message: "canceled", Info: &contract.CanceledInfo{}}, contract.RetryStateCancelRequested)
		return
	}
	outcome, takes := a.execute()
	if takes > 0 {
		a.run.world.after(takes, func() { a.finish(outcome) })
		return
	}
	a.finish(outcome)
}

func (a *attempts) execute() (contract.Outcome, time.Duration) {
	env := a.run.world.env
	if mock := env.mock(mockActivity, a.task.ActivityType, a.task.Input); mock != nil {
		return mock.answer(a.task.Input, activity.NewContext(a, a.task)), mock.takes
	}
	return activity.Execute(env.types, a, a.task), 0
}

func (a *attempts) finish(outcome contract.Outcome) {
	if outcome.Failure == nil {
		a.resolve(outcome)
		return
	}
	state := a.retryState(outcome.Failure)
	if state != contract.RetryStateInProgress {
		a.fail(outcome.Failure, state)
		return
	}
	delay := a.delay(outcome.Failure)
	if a.toClose != nil && a.run.world.now.Add(delay).After(a.scheduled.Add(*a.toClose)) {
		a.fail(outcome.Failure, contract.RetryStateTimeout)
		return
	}
	a.task.Attempt++
	a.run.world.after(delay, a.run1)
}

// endless is how many attempts of a policy without a maximum are made before a test is told that it goes round in circles.
const endless = 10_000

func (a *attempts) retryState(failure *contract.Failure) contract.RetryState {
	info, ok := failure.Info.(*contract.ApplicationInfo)
	switch {
	case a.run.canceled[a.seq] || !ok:
		return contract.RetryStateCancelRequested
	case info.NonRetryable || slices.Contains(a.policy.NonRetryableErrorTypes, info.Type):
		return contract.RetryStateNonRetryableFailure
	case a.policy.MaximumAttempts > 0 && a.task.Attempt >= a.policy.MaximumAttempts || a.task.Attempt >= endless:
		return contract.RetryStateMaximumAttemptsReached
	}
	return contract.RetryStateInProgress
}

// delay is the wait before the next attempt.
func (a *attempts) delay(failure *contract.Failure) time.Duration {
	if info, ok := failure.Info.(*contract.ApplicationInfo); ok && info.NextRetryDelay != nil {
		return *info.NextRetryDelay
	}
	delay, factor := time.Second, 2.0
	if a.policy.InitialInterval != nil {
		delay = *a.policy.InitialInterval
	}
	if a.policy.BackoffCoefficient != nil {
		factor = *a.policy.BackoffCoefficient
	}
	longest := 100 * delay
	if a.policy.MaximumInterval != nil {
		longest = *a.policy.MaximumInterval
	}
	for range a.task.Attempt - 1 {
		if delay = time.Duration(float64(delay) * factor); delay >= longest {
			break
		}
	}
	return min(delay, longest)
}

func (a *attempts) fail(cause *contract.Failure, state contract.RetryState) {
	a.resolve(contract.Outcome{Failure: &contract.Failure{Message: "activity error", Cause: cause, Info: &contract.ActivityInfo{
		ActivityType: a.task.ActivityType, ActivityID: a.task.ActivityID, RetryState: state,
	}}})
}

func (a *attempts) resolve(outcome contract.Outcome) {
	if !a.resolved {
		a.resolved = true
		a.run.activate(&contract.ActivityResolved{Seq: a.seq, Output: outcome})
	}
}

// Heartbeat keeps the details for the next attempt.
func (a *attempts) Heartbeat(details []*contract.Payload) bool {
	a.task.HeartbeatDetails = details
	return a.IsCancelRequested()
}

// IsCancelRequested tells whether the workflow has asked the activity to stop.
func (a *attempts) IsCancelRequested() bool { return a.run.canceled[a.seq] }

func decode(payload *contract.Payload, valuePtr any) {
	if err := converter.GetDefaultDataConverter().FromPayload(payload, valuePtr); err != nil {
		panic(err)
	}
}
