package workflow

import (
	"fmt"
	"runtime/debug"

	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/temporal"
)

type updates struct {
	handlers map[string]*updateHandler
	// waiting came before their handler was set. They are answered in their order.
	waiting []*contract.Update
}

type updateHandler struct {
	ctx       Context
	function  *registry.Function
	validator *registry.Function
	options   UpdateHandlerOptions
}

// UpdateHandlerOptions say more about an update.
type UpdateHandlerOptions struct {
	// Validator takes what the handler takes, and returns an error to turn the update away. It must not wait or change
	// anything.
	Validator any
	// UnfinishedPolicy says whether the end of the workflow may cut the handler short.
	UnfinishedPolicy HandlerUnfinishedPolicy
	// Description is for people.
	Description string
}

// SetUpdateHandler takes updates of a name. The handler takes a Context and the arguments, and returns an answer and an
// error, or an error alone. It runs in a coroutine of its own.
func SetUpdateHandler(ctx Context, updateName string, handler any) error {
	return SetUpdateHandlerWithOptions(ctx, updateName, handler, UpdateHandlerOptions{})
}

// SetUpdateHandlerWithOptions is SetUpdateHandler with options.
func SetUpdateHandlerWithOptions(ctx Context, updateName string, handler any, options UpdateHandlerOptions) error {
	function, err := registry.NewFunction(handler, contextType)
	if err != nil {
		return fmt.Errorf("update %q: %w", updateName, err)
	}
	own := &updateHandler{ctx: ctx, function: function, options: options}
	if options.Validator != nil {
		if own.validator, err = registry.NewFunction(options.Validator, contextType); err != nil {
			return fmt.Errorf("validator of update %q: %w", updateName, err)
		}
	}
	r := runOf(ctx)
	r.updates.handlers[updateName] = own
	for len(r.updates.waiting) > 0 && r.updates.handlers[r.updates.waiting[0].Name] != nil {
		first := r.updates.waiting[0]
		r.updates.waiting = r.updates.waiting[1:]
		r.take(first)
	}
	return nil
}

// update takes an update on, or keeps it until the end of the activation for a handler that is set meanwhile.
func (r *run) update(job *contract.Update) {
	switch {
	case r.closed:
		r.reject(job, temporal.NewApplicationError("the workflow has just ended", "WorkflowClosed"))
	case len(r.updates.waiting) > 0 || r.updates.handlers[job.Name] == nil:
		r.updates.waiting = append(r.updates.waiting, job)
	default:
		r.take(job)
	}
}

// take accepts the update before its handler begins, so that whatever the handler does comes behind it in the history.
func (r *run) take(job *contract.Update) {
	handler := r.updates.handlers[job.Name]
	arguments, err := handler.function.Decode(job.Input)
	ctx := WithValue(handler.ctx, updateInfoKey, &UpdateInfo{ID: job.ID, Name: job.Name})
	if err == nil && handler.validator != nil {
		err = r.validate(ctx, handler.validator, job)
	}
	if err != nil {
		r.reject(job, err)
		return
	}
	r.issue(&contract.AcceptUpdate{UpdateID: job.ID})
	r.startHandler(ctx, "update "+job.Name, handler.options.UnfinishedPolicy, func(ctx Context) {
		answer, err := handler.function.Call(ctx, arguments)
		outcome := contract.Outcome{}
		if err == nil {
			outcome.Payloads, err = encode([]any{answer})
		}
		if err != nil {
			outcome = contract.Outcome{Failure: toFailure(err)}
		}
		r.issue(&contract.CompleteUpdate{UpdateID: job.ID, Outcome: outcome})
	})
}

// validate runs the validator where nothing may wait. A panic turns the update away.
func (r *run) validate(ctx Context, validator *registry.Function, job *contract.Update) (err error) {
	defer func(before *coroutine) {
		r.dispatcher.current = before
		if p := recover(); p != nil {
			err = fmt.Errorf("the validator of update %q panicked: %v\n\n%s", job.Name, p, debug.Stack())
		}
	}(r.dispatcher.current)
	r.dispatcher.current = nil
	arguments, err := validator.Decode(job.Input)
	if err != nil {
		return err
	}
	_, err = validator.Call(ctx, arguments)
	return err
}

// reject also reaches the host of a run that has just closed: whoever asked has to get an answer.
func (r *run) reject(job *contract.Update, reason error) {
	r.host.Issue(&contract.RejectUpdate{UpdateID: job.ID, Reason: toFailure(reason)})
}

func (r *run) rejectUnknownUpdates() {
	for _, job := range r.updates.waiting {
		names := contract.SortedKeys(r.updates.handlers)
		r.reject(job, fmt.Errorf("unknown update %s. KnownUpdates=%v", job.Name, names))
	}
	r.updates.waiting = nil
}

// UpdateInfo names the update whose handler is running.
type UpdateInfo struct {
	// ID is unique within the run.
	ID string
	// Name is that of the handler.
	Name string
}

// GetCurrentUpdateInfo returns that of the update whose handler has this context, or nil.
func GetCurrentUpdateInfo(ctx Context) *UpdateInfo {
	info, _ := ctx.Value(updateInfoKey).(*UpdateInfo)
	return info
}
