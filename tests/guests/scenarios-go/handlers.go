package main

import (
	"errors"

	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/workflow"
)

// handlers are the steps that answer what comes from outside, or wait for it.
var handlers = map[string]verb{
	"on_signal": func(f frame, ctx workflow.Context, step object, of any) error {
		err := workflow.SetSignalHandler(ctx, text(of), func(ctx workflow.Context, signal any) error {
			return f.with("signal", signal).runAlone(ctx, steps(step["do"]))
		})
		letOthersGo(ctx)
		return err
	},
	"on_query": func(f frame, ctx workflow.Context, step object, of any) error {
		return workflow.SetQueryHandler(ctx, text(of), func(query any) (any, error) {
			return f.with("query", query).value(step["answer"]), nil
		})
	},
	"on_update": func(f frame, ctx workflow.Context, step object, of any) error {
		handler := func(ctx workflow.Context, update any) (any, error) {
			f := f.with("update", update)
			if err := f.runAlone(ctx, steps(step["do"])); err != nil {
				return nil, err
			}
			return f.value(step["answer"]), nil
		}
		validator := func(update any) error {
			if unless, ok := step["refuse_unless"]; ok && !f.with("update", update).holds(unless) {
				return temporal.NewApplicationError("refused", "Refused")
			}
			return nil
		}
		return workflow.SetUpdateHandlerWithOptions(ctx, text(of), handler, workflow.UpdateHandlerOptions{Validator: validator})
	},
	"wait": func(f frame, ctx workflow.Context, step object, of any) error {
		condition := func() bool { return f.holds(of) }
		held, err := true, error(nil)
		if timeout, ok := step["timeout_ms"]; ok {
			held, err = workflow.AwaitWithTimeout(ctx, milliseconds(timeout), condition)
		} else {
			err = workflow.Await(ctx, condition)
		}
		if err == nil {
			f.keep(step, held)
		}
		return err
	},
	"until_handled": func(_ frame, ctx workflow.Context, _ object, _ any) error {
		return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	},
}

// runAlone runs the steps of a handler or a branch; a `return` in them ends them alone.
func (f frame) runAlone(ctx workflow.Context, steps []any) error {
	err := f.run(ctx, steps)
	var result *returned
	if errors.As(err, &result) {
		return nil
	}
	return err
}

// receive waits for a signal, or for the end of the context.
func (f frame) receive(ctx workflow.Context, step object, name string) error {
	var signal any
	err := error(nil)
	channel := workflow.GetSignalChannel(ctx, name)
	workflow.NewSelector(ctx).
		AddReceive(channel, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &signal) }).
		AddReceive(ctx.Done(), func(workflow.ReceiveChannel, bool) { err = ctx.Err() }).
		Select(ctx)
	if err == nil {
		f.keep(step, signal)
	}
	return err
}

// letOthersGo lets all that is ready go as far as it can.
func letOthersGo(ctx workflow.Context) {
	done, settable := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(workflow.Context) { settable.SetValue(nil) })
	_ = done.Get(ctx, nil)
}
