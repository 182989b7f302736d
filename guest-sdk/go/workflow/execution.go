package workflow

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/temporal"
)

var contextType = reflect.TypeFor[Context]()

// execution is a run in the making, as its host sees it.
type execution struct {
	run *run
}

// Start is for the SDK's own packages: it begins a run without taking a step.
func Start(host contract.Host, types *registry.Registry, start *contract.Start) (contract.Execution, error) {
	workflow, err := types.Workflow(start.Info.WorkflowType)
	if err != nil {
		return nil, err
	}
	r := newRun(host, types, start)
	r.dispatcher.spawn("main", func() {
		arguments, err := workflow.Function.Decode(start.Input)
		if err != nil {
			// No later attempt could read it better.
			r.close(nil, fmt.Errorf("workflow %s: %w", start.Info.WorkflowType, err))
			return
		}
		r.close(workflow.Function.Call(Context(r.root), arguments))
	})
	return &execution{r}, nil
}

// close ends the run: completed, failed, continued as new, or canceled when a cancellation that was asked for comes back as
// the error.
func (r *run) close(result any, err error) {
	if r.closed {
		return
	}
	r.warnOfUnfinishedHandlers()
	var next *ContinueAsNewError
	switch {
	case err == nil:
		output, err := encode([]any{result})
		if err != nil {
			panic(fmt.Errorf("the result of the workflow: %w", err))
		}
		r.issue(&contract.Complete{Output: output})
	case errors.As(err, &next):
		r.issue(next.command())
	case r.canceled && temporal.IsCanceledError(err):
		r.issue(&contract.Cancel{})
	default:
		r.issue(&contract.Fail{Failure: toFailure(err)})
	}
	r.closed = true
}

// Activate takes in what happened and goes as far as it can.
//
// Signals and updates that come first are there before the next step. After each other job it goes as far as it can, so
// that of two things that happened the first one wins a race.
func (e *execution) Activate(activation contract.Activation) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n\n%s", p, debug.Stack())
		}
	}()
	r := e.run
	r.time = activation.Time
	r.info.progress(&activation)
	jobs := activation.Jobs
	if len(jobs) > 0 {
		if _, ok := jobs[0].(*contract.Start); ok {
			jobs = jobs[1:]
		}
	}
	for len(jobs) > 0 && isMessage(jobs[0]) {
		r.deliver(jobs[0])
		jobs = jobs[1:]
	}
	if err := r.advance(); err != nil {
		return err
	}
	for _, job := range jobs {
		r.deliver(job)
		if err := r.advance(); err != nil {
			return err
		}
	}
	r.rejectUnknownUpdates()
	return nil
}

func isMessage(job contract.Job) bool {
	switch job.(type) {
	case *contract.Signal, *contract.Update:
		return true
	}
	return false
}

func (r *run) advance() error {
	if r.closed {
		return nil
	}
	return r.dispatcher.runUntilIdle()
}

func (r *run) deliver(job contract.Job) {
	switch job := job.(type) {
	case *contract.TimerFired:
		resolve(r.timers, job.Seq, nil, nil)
	case *contract.ActivityResolved:
		resolve(r.activities, job.Seq, job.Output.Payloads, job.Output.Failure)
	case *contract.ChildWorkflowStarted:
		r.childStarted(job)
	case *contract.ChildWorkflowResolved:
		r.childResolved(job.Seq, job.Output)
	case *contract.ExternalResolved:
		resolve(r.externals, job.Seq, nil, job.Failure)
	case *contract.CancelRequested:
		r.canceled = true
		r.root.cancel(ErrCanceled, job.Reason)
	case *contract.Signal:
		r.signal(job)
	case *contract.Update:
		r.update(job)
	default:
		panic(fmt.Sprintf("a job of an unknown kind: %T", job))
	}
}

func (e *execution) Close() { e.run.closed = true; e.run.dispatcher.close() }
