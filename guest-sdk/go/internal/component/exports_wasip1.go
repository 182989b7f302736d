//go:build wasip1

package component

import (
	"errors"
	"fmt"
	"runtime/debug"

	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

// There is no `cabi_realloc`: the adapter of WASI would call it before Go's runtime has begun. It gets memory of its own,
// see package modfile.

//go:wasmexport cabi_export_realloc
func exportRealloc(old, oldSize, align, newSize uint32) uint32 {
	return abi.Realloc(old, oldSize, align, newSize)
}

//go:wasmexport cabi_import_realloc
func importRealloc(old, oldSize, align, newSize uint32) uint32 {
	return abi.Realloc(old, oldSize, align, newSize)
}

// begin is called when the arguments of an export have been lifted: they are forgotten.
func begin() {
	abi.ReleaseTo(0)
	abi.Collect()
}

// answer lowers the result of an export, which stays until the runtime has read it.
func answer[T any](typ abi.Type[T], value T) uint32 {
	abi.Rest()
	return typ.Lower(value)
}

// === wrt:workflow/guest ===

//go:wasmexport wrt:workflow/guest@0.1.0#describe
func describeWorkflows() uint32 { return answer(workflowModule, describe(guest.Workflows())) }

//go:wasmexport cabi_post_wrt:workflow/guest@0.1.0#describe
func describeWorkflowsPost(uint32) { abi.ReleaseTo(0) }

// execution is the run: an instance serves one.
var execution c.Execution

//go:wasmexport wrt:workflow/guest@0.1.0#activate
func activate(seconds, nanos, historyLength, historySize, suggested, jobsAddress, jobsLength uint32) uint32 {
	activation := c.Activation{
		Time:                   joinTime(seconds, nanos),
		HistoryLength:          historyLength,
		HistorySize:            historySize,
		ContinueAsNewSuggested: suggested != 0,
		Jobs:                   abi.LoadList(job, jobsAddress, jobsLength),
	}
	begin()
	return answer(activated, text(guarded(func() error { return run(activation) })))
}

//go:wasmexport cabi_post_wrt:workflow/guest@0.1.0#activate
func activatePost(uint32) { abi.ReleaseTo(0) }

func run(activation c.Activation) error {
	if len(activation.Jobs) > 0 {
		if start, ok := activation.Jobs[0].(*c.Start); ok {
			begun, err := guest.Start(runtime{}, start)
			if err != nil {
				return err
			}
			execution = begun
		}
	}
	if execution == nil {
		return errors.New("activate: the run has not started; its first job has to be `start`")
	}
	return execution.Activate(activation)
}

//go:wasmexport wrt:workflow/guest@0.1.0#query
func query(nameAddress, nameLength, inputAddress, inputLength, headerAddress, headerLength uint32) uint32 {
	question := c.Query{
		Name:   abi.LoadString(nameAddress, nameLength),
		Input:  abi.LoadList(payload, inputAddress, inputLength),
		Header: loadFields(headerAddress, headerLength),
	}
	begin()
	var result queryResult
	result.err = text(guarded(func() (err error) {
		if execution == nil {
			return fmt.Errorf("query %q: the run has not started", question.Name)
		}
		result.output, err = execution.Query(question)
		return err
	}))
	return answer(answered, result)
}

//go:wasmexport cabi_post_wrt:workflow/guest@0.1.0#query
func queryPost(uint32) { abi.ReleaseTo(0) }

type queryResult struct {
	output []*c.Payload
	err    *string
}

var (
	activated = done(errorText)
	answered  = abi.Variant(
		abi.Of(payloads,
			func(p []*c.Payload) queryResult { return queryResult{output: p} },
			func(r queryResult) ([]*c.Payload, bool) { return r.output, r.err == nil }),
		abi.Of(errorText,
			func(s *string) queryResult { return queryResult{err: s} },
			func(r queryResult) (*string, bool) { return r.err, r.err != nil }),
	)
)

func text(err error) *string {
	if err == nil {
		return nil
	}
	words := err.Error()
	return &words
}

// guarded makes an error of a panic: one that left an export would be a trap without a stack trace.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// === wrt:activity/guest ===

//go:wasmexport wrt:activity/guest@0.1.0#describe
func describeActivities() uint32 { return answer(activityModule, describe(guest.Activities())) }

//go:wasmexport cabi_post_wrt:activity/guest@0.1.0#describe
func describeActivitiesPost(uint32) { abi.ReleaseTo(0) }

var executed = outcome(activityFailure)

//go:wasmexport wrt:activity/guest@0.1.0#execute
func execute(taskAddress uint32) uint32 {
	task := activityTask.Load(taskAddress)
	begin()
	return answer(executed, guest.Execute(attempt{}, task))
}

//go:wasmexport cabi_post_wrt:activity/guest@0.1.0#execute
func executePost(uint32) { abi.ReleaseTo(0) }
