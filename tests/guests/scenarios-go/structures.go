package main

import (
	"fmt"

	"wrt.dev/sdk/workflow"
)

// structures are the steps that hold others.
var structures = map[string]verb{
	"all": func(f frame, ctx workflow.Context, _ object, of any) error {
		return workflow.All(ctx, f.branches(of)...)
	},
	"race": func(f frame, ctx workflow.Context, step object, of any) error {
		first, err := workflow.Race(ctx, f.branches(of)...)
		if err == nil {
			f.keep(step, first)
		}
		return err
	},
	"spawn": func(f frame, ctx workflow.Context, step object, of any) error {
		scope, cancel := workflow.WithCancel(ctx)
		f.nameScope(step, cancel)
		workflow.Go(scope, func(ctx workflow.Context) { _ = f.run(ctx, steps(of)) })
		return nil
	},
	"scope": func(f frame, ctx workflow.Context, step object, of any) error {
		scope, cancel := workflow.WithCancel(ctx)
		f.nameScope(step, cancel)
		if timeout, ok := step["timeout_ms"]; ok {
			timed, done := workflow.WithCancel(ctx)
			defer done()
			timer := workflow.NewTimer(timed, milliseconds(timeout))
			workflow.Go(timed, func(ctx workflow.Context) {
				if timer.Get(ctx, nil) == nil {
					cancel()
				}
			})
		}
		return f.run(scope, steps(of))
	},
	"shielded": func(f frame, ctx workflow.Context, _ object, of any) error {
		shielded, _ := workflow.NewDisconnectedContext(ctx)
		return f.run(shielded, steps(of))
	},
	"cancel_scope": func(f frame, ctx workflow.Context, _ object, of any) error {
		if cancel, ok := f.program.scopes[text(of)]; ok {
			cancel()
			letOthersGo(ctx)
		}
		return nil
	},
	"try": func(f frame, ctx workflow.Context, step object, of any) error {
		err := f.run(ctx, steps(of))
		if catch, ok := step["catch"]; ok && err != nil && !passes(err) {
			caught := f.with("error", described(err))
			caught.caught = err
			err = caught.run(ctx, steps(catch))
		}
		if last := f.run(ctx, steps(step["finally"])); last != nil {
			return last
		}
		return err
	},
	"rethrow": func(f frame, _ workflow.Context, _ object, _ any) error { return f.caught },
	"saga": func(f frame, ctx workflow.Context, step object, of any) error {
		f.saga = workflow.NewSaga(workflow.SagaOptions{
			ParallelCompensation: flag(step["parallel"]),
			StopOnError:          !flag(step["continue_on_error"]),
		})
		err := f.run(ctx, steps(of))
		if err != nil && !passes(err) {
			// The error that began the undoing goes on, however the undoing ends.
			_ = f.saga.Compensate(ctx, err)
		}
		return err
	},
	"compensate": func(f frame, _ workflow.Context, _ object, of any) error {
		f.saga.AddCompensation(func(ctx workflow.Context) error { return f.run(ctx, steps(of)) })
		return nil
	},
	"if": func(f frame, ctx workflow.Context, step object, of any) error {
		return f.branch(ctx, step, f.holds(of))
	},
	"patched": func(f frame, ctx workflow.Context, step object, of any) error {
		return f.branch(ctx, step, workflow.Patched(ctx, text(of)))
	},
	"deprecate_patch": func(_ frame, ctx workflow.Context, _ object, of any) error {
		workflow.DeprecatePatch(ctx, text(of))
		return nil
	},
	"repeat": func(f frame, ctx workflow.Context, step object, of any) error {
		for i := range int(number(f.value(of))) {
			if err := f.with("i", float64(i)).run(ctx, steps(step["do"])); err != nil {
				return err
			}
		}
		return nil
	},
	"return": func(f frame, _ workflow.Context, _ object, of any) error { return &returned{f.value(of)} },
	"fail":   func(f frame, _ workflow.Context, _ object, of any) error { return f.failure(of) },
	"bug":    func(_ frame, _ workflow.Context, _ object, of any) error { panic(text(of)) },
	"check": func(f frame, _ workflow.Context, _ object, of any) error {
		if !f.holds(of) {
			panic(fmt.Sprintf("the condition %v does not hold", of))
		}
		return nil
	},
}

func (f frame) branches(of any) (branches []func(ctx workflow.Context) error) {
	for _, branch := range of.([]any) {
		branches = append(branches, func(ctx workflow.Context) error { return f.runAlone(ctx, steps(branch)) })
	}
	return branches
}

func (f frame) branch(ctx workflow.Context, step object, holds bool) error {
	if holds {
		return f.run(ctx, steps(step["then"]))
	}
	return f.run(ctx, steps(step["else"]))
}

func (f frame) nameScope(step object, cancel workflow.CancelFunc) {
	if name, ok := step["as"].(string); ok {
		f.program.scopes[name] = cancel
	}
}
