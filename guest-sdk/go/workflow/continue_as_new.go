package workflow

import (
	"time"

	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/temporal"
)

// ContinueAsNewError, returned by a workflow, goes on in a new run with a fresh history.
type ContinueAsNewError struct {
	// WorkflowType is that of the new run.
	WorkflowType Type
	input        []*contract.Payload
	options      contract.ContinueAsNewOptions
}

// Error is "continue as new".
func (e *ContinueAsNewError) Error() string { return "continue as new" }

func (e *ContinueAsNewError) command() *contract.ContinueAsNew {
	return &contract.ContinueAsNew{Input: e.input, Options: e.options}
}

// ContinueAsNewErrorOptions say how the new run differs from this one.
type ContinueAsNewErrorOptions struct {
	// RetryPolicy is that of this run by default.
	RetryPolicy *temporal.RetryPolicy
}

// NewContinueAsNewError makes the error of a workflow function, or a type's name, and its arguments. Task queue and timeouts
// are those of the run unless WithWorkflowTaskQueue and the like have set others.
func NewContinueAsNewError(ctx Context, wfn any, args ...any) error {
	return NewContinueAsNewErrorWithOptions(ctx, ContinueAsNewErrorOptions{}, wfn, args...)
}

// NewContinueAsNewErrorWithOptions is NewContinueAsNewError with options.
func NewContinueAsNewErrorWithOptions(ctx Context, options ContinueAsNewErrorOptions, wfn any, args ...any) error {
	r := runOf(ctx)
	name, err := r.registry.NameOf(wfn)
	if err != nil {
		panic(err)
	}
	input, err := encode(args)
	if err != nil {
		panic(err)
	}
	changed, _ := ctx.Value(continueOptionsKey).(continueOptions)
	wire := contract.ContinueAsNewOptions{
		TaskQueue:   optionalText(changed.taskQueue),
		RunTimeout:  optionalDuration(changed.runTimeout),
		TaskTimeout: optionalDuration(changed.taskTimeout),
		RetryPolicy: options.RetryPolicy.ToContract(),
		Memo:        changed.memo,
	}
	if name != r.info.WorkflowType.Name {
		wire.WorkflowType = &name
	}
	return &ContinueAsNewError{WorkflowType: Type{name}, input: input, options: wire}
}

type continueOptions struct {
	taskQueue               string
	runTimeout, taskTimeout time.Duration
	memo                    contract.Fields
}

func withContinueOptions(ctx Context, change func(*continueOptions)) Context {
	options, _ := ctx.Value(continueOptionsKey).(continueOptions)
	change(&options)
	return WithValue(ctx, continueOptionsKey, options)
}

// WithWorkflowTaskQueue returns a context for children and new runs of another task queue.
func WithWorkflowTaskQueue(ctx Context, name string) Context {
	options := GetChildWorkflowOptions(ctx)
	options.TaskQueue = name
	return withContinueOptions(WithChildOptions(ctx, options), func(o *continueOptions) { o.taskQueue = name })
}

// WithWorkflowRunTimeout returns a context for children and new runs of another timeout.
func WithWorkflowRunTimeout(ctx Context, d time.Duration) Context {
	options := GetChildWorkflowOptions(ctx)
	options.WorkflowRunTimeout = d
	return withContinueOptions(WithChildOptions(ctx, options), func(o *continueOptions) { o.runTimeout = d })
}

// WithWorkflowTaskTimeout returns a context for children and new runs of another timeout of workflow tasks.
func WithWorkflowTaskTimeout(ctx Context, d time.Duration) Context {
	options := GetChildWorkflowOptions(ctx)
	options.WorkflowTaskTimeout = d
	return withContinueOptions(WithChildOptions(ctx, options), func(o *continueOptions) { o.taskTimeout = d })
}

// WithNewRunMemo returns a context whose new runs have this memo instead of that of the run.
func WithNewRunMemo(ctx Context, memo map[string]any) (Context, error) {
	fields, err := fieldsOf(memo)
	if err != nil {
		return nil, err
	}
	return withContinueOptions(ctx, func(o *continueOptions) { o.memo = fields }), nil
}
