// Package testsuite runs workflows in `go test`: natively, with skipped time, mocked activities, and signals, queries and
// updates at chosen times. The code of the workflow is the same as in a component.
package testsuite

import (
	"errors"
	"fmt"
	"time"

	"wrt.dev/sdk/activity"
	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/workflow"
)

// WorkflowTestSuite makes environments. It can be embedded into a suite.
type WorkflowTestSuite struct{}

// NewTestWorkflowEnvironment makes an environment for one execution of a workflow.
func (*WorkflowTestSuite) NewTestWorkflowEnvironment() *TestWorkflowEnvironment {
	env := &TestWorkflowEnvironment{
		types:      registry.New(),
		workflowID: "default-test-workflow-id",
		taskQueue:  "default-test-taskqueue",
		start:      time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	env.world = &world{env: env, runs: map[string]*instance{}}
	return env
}

// TestWorkflowEnvironment runs one workflow, and its children, in a world in which time is skipped.
type TestWorkflowEnvironment struct {
	types      *registry.Registry
	world      *world
	mocks      []*MockCall
	workflowID string
	taskQueue  string
	start      time.Time
	memo       map[string]any
	last       []*contract.Payload
	main       *instance
	stuck      error
}

// RegisterWorkflow registers a workflow, such as a child.
func (e *TestWorkflowEnvironment) RegisterWorkflow(w any) {
	workflow.Register(e.types, w, workflow.RegisterOptions{})
}

// RegisterWorkflowWithOptions registers a workflow with options.
func (e *TestWorkflowEnvironment) RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	workflow.Register(e.types, w, options)
}

// RegisterActivity registers an activity, or the methods of a struct.
func (e *TestWorkflowEnvironment) RegisterActivity(a any) {
	activity.Register(e.types, a, activity.RegisterOptions{})
}

// RegisterActivityWithOptions registers activities with options.
func (e *TestWorkflowEnvironment) RegisterActivityWithOptions(a any, options activity.RegisterOptions) {
	activity.Register(e.types, a, options)
}

// SetStartTime sets when the workflow starts.
func (e *TestWorkflowEnvironment) SetStartTime(start time.Time) { e.start = start }

// SetMemoOnStart sets the memo that the workflow starts with.
func (e *TestWorkflowEnvironment) SetMemoOnStart(memo map[string]any) error {
	e.memo = memo
	return nil
}

// SetLastCompletionResult sets the result of the run before.
func (e *TestWorkflowEnvironment) SetLastCompletionResult(result any) {
	e.last = encode(result)
}

// Now is the time of the test.
func (e *TestWorkflowEnvironment) Now() time.Time { return e.world.now }

// RegisterDelayedCallback calls a function when so much time has passed since the start.
func (e *TestWorkflowEnvironment) RegisterDelayedCallback(callback func(), delay time.Duration) {
	if e.main == nil {
		e.world.at(e.start.Add(delay), callback)
		return
	}
	e.world.after(delay, callback)
}

// ExecuteWorkflow runs a workflow to its end. What it waits for without end is the error of the run.
func (e *TestWorkflowEnvironment) ExecuteWorkflow(workflowFn any, args ...any) {
	name, err := e.types.NameOf(workflowFn)
	if err != nil {
		panic(err)
	}
	if _, err := e.types.Workflow(name); err != nil {
		if _, isName := workflowFn.(string); isName {
			panic(err)
		}
		e.RegisterWorkflow(workflowFn)
	}
	e.world.now = e.start
	info := contract.WorkflowInfo{WorkflowID: e.workflowID, WorkflowType: name, TaskQueue: e.taskQueue,
		Memo: contract.Fields{}, LastCompletionResult: e.last}
	for key, value := range e.memo {
		info.Memo[key] = encode(value)[0]
	}
	e.main = e.world.begin(info, encode(args...), nil)
	e.world.run(func() bool { return e.main.ended })
	if !e.main.ended {
		e.stuck = errors.New("the workflow waits for something that never happens")
	}
	e.world.close()
}

// IsWorkflowCompleted is true when the workflow has ended, in whatever way.
func (e *TestWorkflowEnvironment) IsWorkflowCompleted() bool { return e.main != nil && e.main.ended }

// GetWorkflowError is what the workflow ended with, or nil. It has the form in which a client sees it: the error of a
// failure, of a cancellation, or a *workflow.ContinueAsNewError.
func (e *TestWorkflowEnvironment) GetWorkflowError() error {
	if e.stuck != nil {
		return e.stuck
	}
	return e.main.err
}

// GetWorkflowResult reads the result.
func (e *TestWorkflowEnvironment) GetWorkflowResult(valuePtr any) error {
	if err := e.GetWorkflowError(); err != nil {
		return err
	}
	return converter.NewValue(e.main.output, converter.GetDefaultDataConverter()).Get(valuePtr)
}

// SignalWorkflow signals the workflow now: in a delayed callback, a mock, or before the start.
func (e *TestWorkflowEnvironment) SignalWorkflow(name string, input any) {
	e.now(func() { e.main.activate(&contract.Signal{Name: name, Input: encode(input)}) })
}

// SignalWorkflowByID signals a workflow of the test, such as a child.
func (e *TestWorkflowEnvironment) SignalWorkflowByID(workflowID, name string, input any) error {
	target, ok := e.world.runs[workflowID]
	if !ok || target.ended {
		return fmt.Errorf("no run of workflow %q is open", workflowID)
	}
	e.now(func() { target.activate(&contract.Signal{Name: name, Input: encode(input)}) })
	return nil
}

// CancelWorkflow asks the workflow to cancel itself.
func (e *TestWorkflowEnvironment) CancelWorkflow() {
	e.now(func() { e.main.activate(&contract.CancelRequested{}) })
}

// QueryWorkflow asks the workflow, also after its end.
func (e *TestWorkflowEnvironment) QueryWorkflow(queryType string, args ...any) (converter.EncodedValue, error) {
	if e.main == nil {
		return nil, errors.New("the workflow has not started")
	}
	answer, err := e.main.execution.Query(contract.Query{Name: queryType, Input: encode(args...)})
	if err != nil {
		return nil, err
	}
	return converter.NewValue(answer, converter.GetDefaultDataConverter()), nil
}

// UpdateCallbacks hear what becomes of an update.
type UpdateCallbacks interface {
	Accept()
	Reject(err error)
	Complete(success any, err error)
}

// TestUpdateCallback are UpdateCallbacks made of functions, each of which may be nil.
type TestUpdateCallback struct {
	OnAccept   func()
	OnReject   func(error)
	OnComplete func(any, error)
}

// Accept calls OnAccept.
func (c *TestUpdateCallback) Accept() {
	if c.OnAccept != nil {
		c.OnAccept()
	}
}

// Reject calls OnReject.
func (c *TestUpdateCallback) Reject(err error) {
	if c.OnReject != nil {
		c.OnReject(err)
	}
}

// Complete calls OnComplete. An answer is as encoding/json decodes it.
func (c *TestUpdateCallback) Complete(success any, err error) {
	if c.OnComplete != nil {
		c.OnComplete(success, err)
	}
}

// UpdateWorkflow sends an update now.
func (e *TestWorkflowEnvironment) UpdateWorkflow(name, id string, callbacks UpdateCallbacks, args ...any) {
	e.now(func() {
		if id == "" {
			id = fmt.Sprintf("update-%d", len(e.main.updates)+1)
		}
		e.main.updates[id] = callbacks
		e.main.activate(&contract.Update{ID: id, Name: name, Input: encode(args...)})
	})
}

// now does something when nothing else is being done.
func (e *TestWorkflowEnvironment) now(do func()) {
	if e.main == nil {
		e.world.at(e.start, do)
		return
	}
	e.world.after(0, do)
}

func encode(values ...any) []*contract.Payload {
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(values...)
	if err != nil {
		panic(err)
	}
	return payloads
}

func toError(failure *contract.Failure) error {
	return temporal.GetDefaultFailureConverter().FailureToError(failure)
}
