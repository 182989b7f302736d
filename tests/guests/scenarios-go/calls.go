package main

import (
	"fmt"

	"wrt.dev/sdk/workflow"
)

// child is a child that was started.
type child struct {
	future workflow.ChildWorkflowFuture
	cancel workflow.CancelFunc
	// waits is set when a canceled wait waits for the child's own end.
	waits bool
}

// calls are the steps that ask for something outside.
var calls = map[string]verb{
	"activity": func(f frame, ctx workflow.Context, step object, of any) error {
		options, _ := step["options"].(object)
		called := ctx
		abandon := options["cancellation"] == "abandon"
		if abandon {
			called, _ = workflow.NewDisconnectedContext(ctx)
		}
		called = workflow.WithActivityOptions(called, activityOptions(options))
		return f.await(ctx, step, workflow.ExecuteActivity(called, text(of), f.values(step["input"])...), abandon)
	},
	"local_activity": func(f frame, ctx workflow.Context, step object, of any) error {
		options, _ := step["options"].(object)
		local := workflow.WithLocalActivityOptions(ctx, localActivityOptions(options))
		return f.await(ctx, step, workflow.ExecuteLocalActivity(local, text(of), f.values(step["input"])...), false)
	},
	"child": func(f frame, ctx workflow.Context, step object, of any) error {
		options, _ := step["options"].(object)
		called := ctx
		abandon := options["cancellation"] == "abandon"
		if abandon {
			called, _ = workflow.NewDisconnectedContext(ctx)
		}
		called = workflow.WithChildOptions(called, f.childOptions(options))
		return f.await(ctx, step, workflow.ExecuteChildWorkflow(called, text(of), f.values(step["input"])...), abandon)
	},
	"start_child": func(f frame, ctx workflow.Context, step object, of any) error {
		given, _ := step["options"].(object)
		options := f.childOptions(given)
		waits := options.WaitForCancellation
		options.WaitForCancellation = true // else `cancel_child` would end the wait, too
		parent := ctx
		if given["cancellation"] == "abandon" {
			parent, _ = workflow.NewDisconnectedContext(ctx)
		}
		called, cancel := workflow.WithCancel(parent)
		future := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(called, options), text(of), f.values(step["input"])...)
		f.program.children[text(step["as"])] = child{future, cancel, waits}
		if err := future.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
		f.keep(step, true)
		return nil
	},
	"join_child": func(f frame, ctx workflow.Context, step object, of any) error {
		started := f.child(of)
		return f.await(ctx, step, started.future, !started.waits)
	},
	"signal_child": func(f frame, ctx workflow.Context, step object, of any) error {
		return f.child(of).future.SignalChildWorkflow(ctx, text(step["signal"]), f.values(step["input"])...).Get(ctx, nil)
	},
	"cancel_child": func(f frame, _ workflow.Context, _ object, of any) error {
		f.child(of).cancel()
		return nil
	},
	"signal_external": func(f frame, ctx workflow.Context, step object, of any) error {
		target, _ := f.value(of).(object)
		return workflow.SignalExternalWorkflow(ctx, text(target["workflow_id"]), text(target["run_id"]),
			text(step["signal"]), f.values(step["input"])...).Get(ctx, nil)
	},
	"cancel_external": func(f frame, ctx workflow.Context, _ object, of any) error {
		target, _ := f.value(of).(object)
		return workflow.RequestCancelExternalWorkflow(ctx, text(target["workflow_id"]), text(target["run_id"])).Get(ctx, nil)
	},
	"sleep": func(f frame, ctx workflow.Context, step object, of any) error {
		options := workflow.TimerOptions{Summary: text(step["summary"])}
		return workflow.NewTimerWithOptions(ctx, milliseconds(f.value(of)), options).Get(ctx, nil)
	},
	"continue_as_new": func(f frame, ctx workflow.Context, step object, of any) error {
		return f.continueAsNew(ctx, step, of.(object))
	},
}

func (f frame) child(name any) child {
	started, ok := f.program.children[text(name)]
	if !ok {
		panic(fmt.Sprintf("no child %q was started", name))
	}
	return started
}

// await waits for a result. Where `leaves` is set the end of the context ends the wait, whatever becomes of the call.
func (f frame) await(ctx workflow.Context, step object, future workflow.Future, leaves bool) error {
	if leaves && !future.IsReady() {
		workflow.NewSelector(ctx).AddFuture(future, nil).AddReceive(ctx.Done(), nil).Select(ctx)
		if !future.IsReady() {
			return ctx.Err()
		}
	}
	var result any
	if err := future.Get(ctx, &result); err != nil {
		return err
	}
	f.keep(step, result)
	return nil
}

func (f frame) continueAsNew(ctx workflow.Context, step, of object) error {
	next := story{Program: f.program.steps}
	if given, ok := of["program"].([]any); ok {
		next.Program = given
	}
	next.Input, _ = f.value(of["input"]).(object)
	options, _ := step["options"].(object)
	name := workflow.GetInfo(ctx).WorkflowType.Name
	if other, ok := options["workflow_type"].(string); ok {
		name = other
	}
	if queue, ok := options["task_queue"].(string); ok {
		ctx = workflow.WithWorkflowTaskQueue(ctx, queue)
	}
	if timeout, ok := options["run_timeout_ms"]; ok {
		ctx = workflow.WithWorkflowRunTimeout(ctx, milliseconds(timeout))
	}
	if timeout, ok := options["task_timeout_ms"]; ok {
		ctx = workflow.WithWorkflowTaskTimeout(ctx, milliseconds(timeout))
	}
	if memo, ok := f.value(options["memo"]).(object); ok {
		changed, err := workflow.WithNewRunMemo(ctx, memo)
		if err != nil {
			return err
		}
		ctx = changed
	}
	return workflow.NewContinueAsNewError(ctx, name, next)
}
