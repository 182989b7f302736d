package main

import (
	"errors"
	"fmt"
	"maps"

	"wrt.dev/sdk/workflow"
)

// story is the argument of the workflow.
type story struct {
	Input   object `json:"input"`
	Program []any  `json:"program"`
}

// program is what runs of it share.
type program struct {
	steps     []any
	variables object
	children  map[string]child
	scopes    map[string]workflow.CancelFunc
}

// Scenario runs a program.
func Scenario(ctx workflow.Context, story story) (any, error) {
	p := &program{story.Program, object{}, map[string]child{}, map[string]workflow.CancelFunc{}}
	for name, value := range story.Input {
		p.variables[name] = value
	}
	err := frame{program: p}.run(ctx, story.Program)
	var result *returned
	if errors.As(err, &result) {
		return result.value, nil
	}
	return nil, err
}

// returned is how `return` gets out of the steps around it.
type returned struct{ value any }

func (*returned) Error() string { return "the program returns" }

// passes is true for what is no failure, and no `catch` or saga may see.
func passes(err error) bool {
	var result *returned
	var next *workflow.ContinueAsNewError
	return errors.As(err, &result) || errors.As(err, &next)
}

// run runs steps until one fails or returns.
func (f frame) run(ctx workflow.Context, steps []any) error {
	for _, step := range steps {
		if err := f.step(ctx, step.(object)); err != nil {
			return err
		}
	}
	return nil
}

// keep sets the variable that takes the outcome of a step.
func (f frame) keep(step object, value any) {
	if name, ok := step["into"].(string); ok {
		f.program.variables[name] = value
	}
}

// verb is a kind of step.
type verb func(f frame, ctx workflow.Context, step object, of any) error

// verbs are the kinds by name. No step has the names of two, but for `signal`, which is a field of others, too.
var verbs = map[string]verb{}

func init() {
	for _, kinds := range []map[string]verb{calls, handlers, structures, facts} {
		maps.Copy(verbs, kinds)
	}
}

func (f frame) step(ctx workflow.Context, step object) error {
	for name, of := range step {
		if run, ok := verbs[name]; ok {
			return run(f, ctx, step, of)
		}
	}
	if name, ok := step["signal"].(string); ok {
		return f.receive(ctx, step, name)
	}
	panic(fmt.Sprintf("there is no step %v", step))
}
