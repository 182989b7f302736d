package workflow

import (
	"fmt"
	"strings"

	"wrt.dev/sdk/temporal"
)

// Saga notes how the steps of a workflow are undone, and undoes them when a later one fails. Temporal's SDK for Go has none.
//
//	saga := workflow.NewSaga(workflow.SagaOptions{})
//	err := bookFlight(ctx, trip)
//	saga.AddCompensation(func(ctx workflow.Context) error { return cancelFlight(ctx, trip) })
//	if err != nil {
//		return saga.Compensate(ctx, err)
//	}
type Saga struct {
	options       SagaOptions
	compensations []func(ctx Context) error
}

// SagaOptions say how a saga is undone.
type SagaOptions struct {
	// ParallelCompensation begins all compensations before it waits for them.
	ParallelCompensation bool
	// StopOnError leaves the rest undone when a compensation fails.
	StopOnError bool
}

// NewSaga makes an empty one.
func NewSaga(options SagaOptions) *Saga { return &Saga{options: options} }

// AddCompensation notes how a step is undone.
func (s *Saga) AddCompensation(undo func(ctx Context) error) {
	s.compensations = append(s.compensations, undo)
}

// Compensate runs the compensations, last first, on a context that no cancellation reaches, and returns the cause. Where
// compensations failed the error is an application error of type CompensationFailed with the cause: somebody has to look
// after what they left behind.
func (s *Saga) Compensate(ctx Context, cause error) error {
	shielded, _ := NewDisconnectedContext(ctx)
	compensations := s.compensations
	s.compensations = nil
	errs := make([]error, len(compensations))
	group := NewWaitGroup(ctx)
	for i := len(compensations) - 1; i >= 0; i-- {
		if s.options.ParallelCompensation {
			group.Go(shielded, func(ctx Context) { errs[i] = compensations[i](ctx) })
			continue
		}
		if errs[i] = compensations[i](shielded); errs[i] != nil && s.options.StopOnError {
			break
		}
	}
	group.Wait(shielded)
	var failed []string
	for i := len(errs) - 1; i >= 0; i-- {
		if errs[i] != nil {
			GetLogger(ctx).Error("compensation failed", "error", errs[i])
			failed = append(failed, errs[i].Error())
		}
	}
	if len(failed) == 0 {
		return cause
	}
	message := fmt.Sprintf("%d of %d compensations failed: %s", len(failed), len(errs), strings.Join(failed, "; "))
	return temporal.NewApplicationErrorWithCause(message, "CompensationFailed", cause)
}
