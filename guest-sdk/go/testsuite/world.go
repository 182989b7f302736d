package testsuite

import (
	"context"
	"fmt"
	"log/slog"
	"sort"
	"time"

	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/workflow"
)

// world is the server of a test: it knows what happens when, and skips the time in between.
type world struct {
	env    *TestWorkflowEnvironment
	now    time.Time
	events []event
	last   int
	runs   map[string]*instance
	all    []*instance
}

type event struct {
	at    time.Time
	order int
	do    func()
}

// mostEvents is far more than a test needs, and ends those that go round in circles.
const mostEvents = 1_000_000

func (w *world) after(delay time.Duration, do func()) { w.at(w.now.Add(max(delay, 0)), do) }

func (w *world) at(at time.Time, do func()) {
	w.last++
	i := sort.Search(len(w.events), func(i int) bool { return w.events[i].at.After(at) })
	w.events = append(w.events, event{})
	copy(w.events[i+1:], w.events[i:])
	w.events[i] = event{at, w.last, do}
}

// run lets things happen until done.
func (w *world) run(done func() bool) {
	for range mostEvents {
		if done() || len(w.events) == 0 {
			return
		}
		first := w.events[0]
		w.events = w.events[1:]
		if first.at.After(w.now) {
			w.now = first.at
		}
		first.do()
	}
	panic(fmt.Sprintf("testsuite: after %d events the workflow has not ended", mostEvents))
}

func (w *world) close() {
	for _, one := range w.all {
		one.execution.Close()
	}
}

// instance is a run, and the runtime as it sees it.
type instance struct {
	world     *world
	info      contract.WorkflowInfo
	execution contract.Execution
	seq       uint32
	// canceled and open are by sequence number.
	canceled map[uint32]bool
	children map[uint32]*instance
	updates  map[string]UpdateCallbacks
	ended    bool
	output   []*contract.Payload
	failure  *contract.Failure
	err      error
	onEnd    func()
}

// begin starts a run; its first activation is what happens next.
func (w *world) begin(info contract.WorkflowInfo, input []*contract.Payload, onEnd func()) *instance {
	one := &instance{
		world: w, info: info, canceled: map[uint32]bool{}, children: map[uint32]*instance{},
		updates: map[string]UpdateCallbacks{}, onEnd: onEnd,
	}
	info.Namespace, info.Attempt, info.StartTime = "default-test-namespace", 1, w.now
	if info.RunID == "" {
		info.RunID = fmt.Sprintf("default-test-run-id-%d", len(w.all)+1)
	}
	info.FirstExecutionRunID = info.RunID
	info.Root = contract.RelatedExecution{Namespace: info.Namespace, WorkflowID: info.WorkflowID, RunID: info.RunID}
	info.TaskTimeout = 10 * time.Second
	one.info = info
	start := &contract.Start{Info: info, Input: input}
	execution, err := workflow.Start(one, w.env.types, start)
	if err != nil {
		panic(err)
	}
	one.execution = execution
	w.runs[info.WorkflowID] = one
	w.all = append(w.all, one)
	w.at(w.now, func() { one.activate(start) })
	return one
}

// activate tells the run that something has happened. A panic of the workflow is one of the test.
func (i *instance) activate(jobs ...contract.Job) {
	if i.ended {
		return
	}
	if err := i.execution.Activate(contract.Activation{Time: i.world.now, Jobs: jobs}); err != nil {
		i.end(nil, &contract.Failure{Message: err.Error(), Info: &contract.ApplicationInfo{Type: "PanicError"}}, err)
	}
}

func (i *instance) end(output []*contract.Payload, failure *contract.Failure, err error) {
	if i.ended {
		return
	}
	i.ended, i.output, i.failure, i.err = true, output, failure, err
	if i.onEnd != nil {
		i.world.after(0, i.onEnd)
	}
}

// Issue takes a command.
func (i *instance) Issue(command contract.Command) uint32 {
	i.seq++
	seq := i.seq
	switch command := command.(type) {
	case *contract.ScheduleActivity:
		i.schedule(seq, command.Type, command.Input, command.Options)
	case *contract.ScheduleLocalActivity:
		options := command.Options
		i.schedule(seq, command.Type, command.Input, contract.ActivityOptions{
			ActivityID: options.ActivityID, ScheduleToCloseTimeout: options.ScheduleToCloseTimeout,
			StartToCloseTimeout: options.StartToCloseTimeout, RetryPolicy: options.RetryPolicy,
		})
	case *contract.RequestCancelActivity:
		i.canceled[command.Seq] = true
	case *contract.StartTimer:
		i.world.after(command.Duration, func() {
			if !i.canceled[seq] {
				i.activate(&contract.TimerFired{Seq: seq})
			}
		})
	case *contract.CancelTimer:
		i.canceled[command.Seq] = true
	case *contract.AcceptUpdate:
		i.updates[command.UpdateID].Accept()
	case *contract.RejectUpdate:
		i.updates[command.UpdateID].Reject(toError(command.Reason))
	case *contract.CompleteUpdate:
		i.completeUpdate(command)
	case *contract.Complete:
		i.end(command.Output, nil, nil)
	case *contract.Fail:
		i.end(nil, command.Failure, toError(command.Failure))
	case *contract.Cancel:
		failure := &contract.Failure{Message: "canceled", Info: &contract.CanceledInfo{Details: command.Details}}
		i.end(nil, failure, toError(failure))
	case *contract.ContinueAsNew:
		i.continueAsNew(command)
	case *contract.UpsertMemo, *contract.UpsertSearchAttributes, *contract.DeprecatePatch:
	default:
		i.tellOthers(seq, command)
	}
	return seq
}

func (i *instance) completeUpdate(command *contract.CompleteUpdate) {
	callbacks := i.updates[command.UpdateID]
	if failure := command.Outcome.Failure; failure != nil {
		callbacks.Complete(nil, toError(failure))
		return
	}
	var answer any
	for _, payload := range command.Outcome.Payloads {
		decode(payload, &answer)
	}
	callbacks.Complete(answer, nil)
}

// continueAsNew ends the test with the error; a child goes on in a new run.
func (i *instance) continueAsNew(command *contract.ContinueAsNew) {
	name := i.info.WorkflowType
	if command.Options.WorkflowType != nil {
		name = *command.Options.WorkflowType
	}
	if i.onEnd == nil {
		i.end(nil, nil, &workflow.ContinueAsNewError{WorkflowType: workflow.Type{Name: name}})
		return
	}
	info := contract.WorkflowInfo{WorkflowID: i.info.WorkflowID, WorkflowType: name, TaskQueue: i.info.TaskQueue,
		Parent: i.info.Parent, ContinuedRunID: &i.info.RunID, Memo: i.info.Memo}
	onEnd := i.onEnd
	var next *instance
	i.ended = true
	next = i.world.begin(info, command.Input, func() {
		i.output, i.failure = next.output, next.failure
		onEnd()
	})
}

// Patched is always true: a test runs the newest code.
func (*instance) Patched(string) bool { return true }

var levels = map[contract.Level]slog.Level{
	contract.LevelTrace: slog.LevelDebug, contract.LevelDebug: slog.LevelDebug, contract.LevelInfo: slog.LevelInfo,
	contract.LevelWarn: slog.LevelWarn, contract.LevelError: slog.LevelError,
}

// Log writes to the default logger of log/slog.
func (i *instance) Log(level contract.Level, message string, fields []contract.Field) {
	attributes := []any{"workflow_id", i.info.WorkflowID}
	for _, field := range fields {
		attributes = append(attributes, field.Name, field.Value)
	}
	slog.Log(context.Background(), levels[level], message, attributes...)
}

// applicationFailure is one that the runtime raises.
func applicationFailure(message, failureType string) *contract.Failure {
	return temporal.GetDefaultFailureConverter().ErrorToFailure(
		temporal.NewNonRetryableApplicationError(message, failureType, nil))
}
