package workflow

import (
	"fmt"
	"time"

	"wrt.dev/sdk/enums"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/temporal"
)

// ChildWorkflowOptions say how children are run.
type ChildWorkflowOptions struct {
	// WorkflowID is made of this run's id and a number by default.
	WorkflowID string
	// TaskQueue is that of this workflow by default.
	TaskQueue string
	// WorkflowExecutionTimeout bounds the whole chain of runs.
	WorkflowExecutionTimeout time.Duration
	// WorkflowRunTimeout bounds a single run.
	WorkflowRunTimeout time.Duration
	// WorkflowTaskTimeout bounds a workflow task.
	WorkflowTaskTimeout time.Duration
	// WaitForCancellation makes the future of a canceled child wait for how it ends; else it fails at once.
	WaitForCancellation bool
	// WorkflowIDReusePolicy says whether the id may be used again.
	WorkflowIDReusePolicy enums.WorkflowIdReusePolicy
	// RetryPolicy says how often and how fast a failed run is repeated.
	RetryPolicy *temporal.RetryPolicy
	// CronSchedule makes the child repeat.
	CronSchedule string
	// Memo has values that lists show.
	Memo map[string]any
	// SearchAttributes have values that lists can filter by, without types. Prefer TypedSearchAttributes.
	SearchAttributes map[string]any
	// TypedSearchAttributes have values that lists can filter by.
	TypedSearchAttributes temporal.SearchAttributes
	// ParentClosePolicy says what happens to the child when this workflow ends; it is terminated by default.
	ParentClosePolicy enums.ParentClosePolicy
	// StaticSummary is one line for people, shown beside the child.
	StaticSummary string
	// Priority says who goes first among the tasks of the queue.
	Priority temporal.Priority
}

// WithChildOptions returns a context whose children have the options.
func WithChildOptions(ctx Context, options ChildWorkflowOptions) Context {
	return WithValue(ctx, childOptionsKey, options)
}

// GetChildWorkflowOptions returns those of the context.
func GetChildWorkflowOptions(ctx Context) ChildWorkflowOptions {
	options, _ := ctx.Value(childOptionsKey).(ChildWorkflowOptions)
	return options
}

// WithWorkflowID returns a context whose children have an id.
func WithWorkflowID(ctx Context, id string) Context {
	options := GetChildWorkflowOptions(ctx)
	options.WorkflowID = id
	return WithChildOptions(ctx, options)
}

// Execution names a run.
type Execution struct {
	ID    string
	RunID string
}

// ChildWorkflowFuture is the future of a child's result.
type ChildWorkflowFuture interface {
	Future
	// GetChildWorkflowExecution is the future of the child's Execution, ready when the child has started.
	GetChildWorkflowExecution() Future
	// SignalChildWorkflow waits until the child has started, and signals it.
	SignalChildWorkflow(ctx Context, signalName string, args ...any) Future
}

type childFuture struct {
	*future
	started *future
	seq     uint32
	id      string
}

func (f *childFuture) inner() *future { return f.future }

func (f *childFuture) GetChildWorkflowExecution() Future { return f.started }

func (f *childFuture) SignalChildWorkflow(ctx Context, signalName string, args ...any) Future {
	r := f.run
	input, err := encode(args)
	if err != nil {
		return failed(r, err)
	}
	arrived := newFuture(r)
	f.started.then(func() {
		if f.started.err != nil {
			arrived.resolve(nil, f.started.err)
			return
		}
		seq := r.issue(&contract.SignalChildWorkflow{Seq: f.seq, SignalName: signalName, Input: input})
		r.externals[seq] = arrived
	})
	return arrived
}

// ExecuteChildWorkflow starts a child, given by its function or its type, and returns the future of its result.
func ExecuteChildWorkflow(ctx Context, childWorkflow any, args ...any) ChildWorkflowFuture {
	r, options := runOf(ctx), GetChildWorkflowOptions(ctx)
	f := &childFuture{future: newFuture(r), started: newFuture(r), id: options.WorkflowID}
	refuse := func(err error) ChildWorkflowFuture {
		f.started.resolve(nil, err)
		f.resolve(nil, err)
		return f
	}
	name, err := r.registry.NameOf(childWorkflow)
	if err != nil {
		return refuse(err)
	}
	input, err := encode(args)
	if err != nil {
		return refuse(err)
	}
	wire, err := options.toContract()
	if err != nil {
		return refuse(err)
	}
	if err := ctx.Err(); err != nil {
		return refuse(err)
	}
	f.seq = r.issue(&contract.StartChildWorkflow{Type: name, Input: input, Options: wire})
	if f.id == "" {
		f.id = fmt.Sprintf("%s_%d", r.info.WorkflowExecution.RunID, f.seq)
	}
	r.children[f.seq] = f
	forget := onCancel(ctx, func(reason string) {
		r.issue(&contract.RequestCancelChildWorkflow{Seq: f.seq, Reason: reason})
		if !options.WaitForCancellation {
			f.resolve(nil, ErrCanceled)
		}
	})
	f.then(forget)
	return f
}

func (o *ChildWorkflowOptions) toContract() (wire contract.ChildWorkflowOptions, err error) {
	wire = contract.ChildWorkflowOptions{
		WorkflowID:        optionalText(o.WorkflowID),
		TaskQueue:         optionalText(o.TaskQueue),
		ExecutionTimeout:  optionalDuration(o.WorkflowExecutionTimeout),
		RunTimeout:        optionalDuration(o.WorkflowRunTimeout),
		TaskTimeout:       optionalDuration(o.WorkflowTaskTimeout),
		ParentClosePolicy: contract.ParentClosePolicy(max(o.ParentClosePolicy-1, 0)),
		IDReusePolicy:     contract.IDReusePolicy(max(o.WorkflowIDReusePolicy-1, 0)),
		RetryPolicy:       o.RetryPolicy.ToContract(),
		CronSchedule:      optionalText(o.CronSchedule),
		SearchAttributes:  o.TypedSearchAttributes.ToContract(),
		Priority:          o.Priority.ToContract(),
		Summary:           optionalText(o.StaticSummary),
	}
	if len(o.SearchAttributes) > 0 {
		wire.SearchAttributes = untyped(o.SearchAttributes)
	}
	wire.Memo, err = fieldsOf(o.Memo)
	return wire, err
}

func (r *run) childStarted(job *contract.ChildWorkflowStarted) {
	f, ok := r.children[job.Seq]
	if !ok {
		return
	}
	if failure := job.Outcome.Failure; failure != nil {
		f.started.resolve(nil, toError(failure))
		r.childResolved(job.Seq, contract.Outcome{Failure: failure})
		return
	}
	f.started.resolve(Execution{f.id, job.Outcome.RunID}, nil)
}

func (r *run) childResolved(seq uint32, output contract.Outcome) {
	if f, ok := r.children[seq]; ok {
		delete(r.children, seq)
		f.resolve(output.Payloads, toError(output.Failure))
	}
}

// SignalExternalWorkflow signals a workflow of the same namespace. An empty runID is the run that answers for the id.
func SignalExternalWorkflow(ctx Context, workflowID, runID, signalName string, args ...any) Future {
	r := runOf(ctx)
	input, err := encode(args)
	if err != nil {
		return failed(r, err)
	}
	return r.requestExternal(&contract.SignalExternalWorkflow{
		WorkflowID: workflowID, RunID: runID, SignalName: signalName, Input: input,
	})
}

// RequestCancelExternalWorkflow asks a workflow of the same namespace to cancel itself.
func RequestCancelExternalWorkflow(ctx Context, workflowID, runID string) Future {
	return runOf(ctx).requestExternal(&contract.RequestCancelExternalWorkflow{WorkflowID: workflowID, RunID: runID})
}

func (r *run) requestExternal(command contract.Command) *future {
	f := newFuture(r)
	r.externals[r.issue(command)] = f
	return f
}
