package temporal

import (
	"errors"
	"fmt"
	"time"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
)

// source is what failures of this SDK are signed with.
const source = contract.SDKName

// origin is embedded by errors that came from a failure: passed on, they become the same failure again.
type origin struct{ failure *converter.Failure }

func (o *origin) original() *converter.Failure { return o.failure }

// ApplicationError is what user code fails with.
type ApplicationError struct {
	origin
	message        string
	errType        string
	nonRetryable   bool
	details        converter.EncodedValues
	rawDetails     []any
	cause          error
	nextRetryDelay time.Duration
	category       ApplicationErrorCategory
}

// ApplicationErrorCategory says how an error is to be reported.
type ApplicationErrorCategory int

// The categories.
const (
	ApplicationErrorCategoryUnspecified ApplicationErrorCategory = iota
	// ApplicationErrorCategoryBenign is for errors that belong to the normal course of things.
	ApplicationErrorCategoryBenign
)

// ApplicationErrorOptions say more about an ApplicationError.
type ApplicationErrorOptions struct {
	// NonRetryable is set when another attempt would be in vain.
	NonRetryable bool
	// Cause is what it happened because of.
	Cause error
	// Details are values for the handler.
	Details []any
	// NextRetryDelay overrides the wait that the retry policy would choose.
	NextRetryDelay time.Duration
	// Category is kept in this process only: the contract has no place for it.
	Category ApplicationErrorCategory
}

// NewApplicationError makes an error that retry policies and handlers know by its type.
func NewApplicationError(msg, errType string, details ...any) error {
	return NewApplicationErrorWithOptions(msg, errType, ApplicationErrorOptions{Details: details})
}

// NewApplicationErrorWithCause has a cause as well.
func NewApplicationErrorWithCause(msg, errType string, cause error, details ...any) error {
	return NewApplicationErrorWithOptions(msg, errType, ApplicationErrorOptions{Cause: cause, Details: details})
}

// NewNonRetryableApplicationError says that another attempt would be in vain.
func NewNonRetryableApplicationError(msg, errType string, cause error, details ...any) error {
	return NewApplicationErrorWithOptions(msg, errType,
		ApplicationErrorOptions{NonRetryable: true, Cause: cause, Details: details})
}

// NewApplicationErrorWithOptions has all that an application error can have.
func NewApplicationErrorWithOptions(msg, errType string, options ApplicationErrorOptions) error {
	return &ApplicationError{
		message:        msg,
		errType:        errType,
		nonRetryable:   options.NonRetryable,
		rawDetails:     options.Details,
		cause:          options.Cause,
		nextRetryDelay: options.NextRetryDelay,
		category:       options.Category,
	}
}

// Error has the message, the type, and the causes.
func (e *ApplicationError) Error() string {
	text := e.message
	if e.errType != "" {
		text = fmt.Sprintf("%s (type: %s, retryable: %v)", e.message, e.errType, !e.nonRetryable)
	}
	return withCause(text, e.cause)
}

// Message is the text alone.
func (e *ApplicationError) Message() string { return e.message }

// Type is what retry policies and handlers know the error by.
func (e *ApplicationError) Type() string { return e.errType }

// NonRetryable is true when another attempt would be in vain.
func (e *ApplicationError) NonRetryable() bool { return e.nonRetryable }

// NextRetryDelay is the wait that the error asks for.
func (e *ApplicationError) NextRetryDelay() time.Duration { return e.nextRetryDelay }

// Category says how the error is to be reported.
func (e *ApplicationError) Category() ApplicationErrorCategory { return e.category }

// HasDetails is true when there are values for the handler.
func (e *ApplicationError) HasDetails() bool {
	return len(e.rawDetails) > 0 || e.details != nil && e.details.HasValues()
}

// Details reads them.
func (e *ApplicationError) Details(valuePtrs ...any) error {
	return readDetails(e.details, e.rawDetails, valuePtrs)
}

// Unwrap is the cause.
func (e *ApplicationError) Unwrap() error { return e.cause }

// readDetails reads what came encoded, or what this process has set and never encoded.
func readDetails(encoded converter.EncodedValues, raw []any, valuePtrs []any) error {
	if encoded != nil {
		return encoded.Get(valuePtrs...)
	}
	dataConverter := converter.GetDefaultDataConverter()
	payloads, err := dataConverter.ToPayloads(raw...)
	if err != nil {
		return err
	}
	return converter.NewValues(payloads, dataConverter).Get(valuePtrs...)
}

func withCause(text string, cause error) string {
	if cause == nil {
		return text
	}
	return text + ": " + cause.Error()
}

// CanceledError says that something was canceled.
type CanceledError struct {
	origin
	details    converter.EncodedValues
	rawDetails []any
}

// NewCanceledError makes one: an activity returns it when it has stopped because it was asked to.
func NewCanceledError(details ...any) error { return &CanceledError{rawDetails: details} }

// Error is "canceled".
func (e *CanceledError) Error() string { return "canceled" }

// HasDetails is true when the canceled side gave some.
func (e *CanceledError) HasDetails() bool {
	return len(e.rawDetails) > 0 || e.details != nil && e.details.HasValues()
}

// Details reads them.
func (e *CanceledError) Details(valuePtrs ...any) error {
	return readDetails(e.details, e.rawDetails, valuePtrs)
}

// TerminatedError says that a workflow was terminated.
type TerminatedError struct{ origin }

// Error is "terminated".
func (e *TerminatedError) Error() string { return "terminated" }

// ServerError says that the runtime failed, not user code.
type ServerError struct {
	origin
	message      string
	nonRetryable bool
	cause        error
}

// Error has the message and the causes.
func (e *ServerError) Error() string { return withCause(e.message, e.cause) }

// Message is the text alone.
func (e *ServerError) Message() string { return e.message }

// Unwrap is the cause.
func (e *ServerError) Unwrap() error { return e.cause }

// IsCanceledError is true when the error, or one of its causes, is a cancellation.
func IsCanceledError(err error) bool { return is[*CanceledError](err) }

// IsApplicationError is true when the error, or one of its causes, is an application error.
func IsApplicationError(err error) bool { return is[*ApplicationError](err) }

// IsTimeoutError is true when the error, or one of its causes, is a timeout.
func IsTimeoutError(err error) bool { return is[*TimeoutError](err) }

// IsTerminatedError is true when the error, or one of its causes, is a termination.
func IsTerminatedError(err error) bool { return is[*TerminatedError](err) }

// IsWorkflowExecutionAlreadyStartedError is true when a child was not started because its id is taken.
func IsWorkflowExecutionAlreadyStartedError(err error) bool {
	var application *ApplicationError
	return errors.As(err, &application) && application.errType == "WorkflowExecutionAlreadyStarted"
}

func is[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}
