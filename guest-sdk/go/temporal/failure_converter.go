package temporal

import (
	"errors"
	"fmt"
	"reflect"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
)

// FailureConverter turns errors into failures and back.
type FailureConverter interface {
	ErrorToFailure(err error) *converter.Failure
	FailureToError(failure *converter.Failure) error
}

// GetDefaultFailureConverter returns the one that workflows and activities use.
func GetDefaultFailureConverter() FailureConverter { return defaultFailureConverter{} }

type defaultFailureConverter struct{}

// ErrorToFailure makes a chain of an error and its causes. An error that came from a failure becomes that failure again, and
// one of no type of this package an application failure of its Go type.
func (d defaultFailureConverter) ErrorToFailure(err error) *converter.Failure {
	if err == nil {
		return nil
	}
	if from, ok := err.(interface{ original() *converter.Failure }); ok && from.original() != nil {
		return from.original()
	}
	failure := &converter.Failure{Source: source}
	switch err := err.(type) {
	case *ApplicationError:
		failure.Message = err.message
		failure.Info = &contract.ApplicationInfo{
			Type: err.errType, NonRetryable: err.nonRetryable,
			Details:        encode(err.rawDetails),
			NextRetryDelay: optional(err.nextRetryDelay),
		}
	case *CanceledError:
		failure.Message = "canceled"
		failure.Info = &contract.CanceledInfo{Details: encode(err.rawDetails)}
	case *TerminatedError:
		failure.Message, failure.Info = "terminated", &contract.TerminatedInfo{}
	case *TimeoutError:
		failure.Message = err.message
		failure.Info = &contract.TimeoutInfo{Type: contract.TimeoutType(max(err.timeoutType-1, 0))}
	case *ServerError:
		failure.Message, failure.Info = err.message, &contract.ServerInfo{NonRetryable: err.nonRetryable}
	case *ActivityError:
		info := err.info
		failure.Message, failure.Info = err.message, &info
	case *ChildWorkflowExecutionError:
		info := err.info
		failure.Message, failure.Info = err.message, &info
	case *PanicError:
		failure.Message, failure.StackTrace = err.Error(), err.stackTrace
		failure.Info = &contract.ApplicationInfo{Type: "PanicError"}
	default:
		failure.Message = err.Error()
		failure.Info = &contract.ApplicationInfo{Type: goType(err)}
	}
	failure.Cause = d.ErrorToFailure(errors.Unwrap(err))
	return failure
}

// goType is the name of the type without its package and without stars.
func goType(err error) string {
	typ := reflect.TypeOf(err)
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	return typ.Name()
}

// encode never fails: what cannot be encoded is said so in its place.
func encode(details []any) []*converter.Payload {
	dataConverter := converter.GetDefaultDataConverter()
	payloads := make([]*converter.Payload, 0, len(details))
	for _, detail := range details {
		payload, err := dataConverter.ToPayload(detail)
		if err != nil {
			payload, _ = dataConverter.ToPayload(err.Error())
		}
		payloads = append(payloads, payload)
	}
	return payloads
}

// FailureToError makes an error of each link.
func (d defaultFailureConverter) FailureToError(failure *converter.Failure) error {
	if failure == nil {
		return nil
	}
	cause := d.FailureToError(failure.Cause)
	from := origin{failure}
	values := func(payloads []*converter.Payload) converter.EncodedValues {
		return converter.NewValues(payloads, converter.GetDefaultDataConverter())
	}
	switch info := failure.Info.(type) {
	case *contract.ApplicationInfo:
		err := &ApplicationError{
			origin: from, message: failure.Message, errType: info.Type, nonRetryable: info.NonRetryable,
			details: values(info.Details), cause: cause,
		}
		if info.NextRetryDelay != nil {
			err.nextRetryDelay = *info.NextRetryDelay
		}
		return err
	case *contract.TimeoutInfo:
		return &TimeoutError{origin: from, message: failure.Message, timeoutType: TimeoutType(info.Type) + 1,
			details: values(info.LastHeartbeatDetails), cause: cause}
	case *contract.CanceledInfo:
		return &CanceledError{origin: from, details: values(info.Details)}
	case *contract.TerminatedInfo:
		return &TerminatedError{origin: from}
	case *contract.ServerInfo:
		return &ServerError{origin: from, message: failure.Message, nonRetryable: info.NonRetryable, cause: cause}
	case *contract.ActivityInfo:
		return &ActivityError{origin: from, message: failure.Message, info: *info, cause: cause}
	case *contract.ChildWorkflowInfo:
		return &ChildWorkflowExecutionError{origin: from, message: failure.Message, info: *info, cause: cause}
	default:
		return fmt.Errorf("a failure of an unknown kind: %s", failure.Message)
	}
}

// PanicError is a panic of an activity.
type PanicError struct {
	value      any
	stackTrace string
}

// NewPanicError makes one of what recover gave.
func NewPanicError(value any, stackTrace string) *PanicError { return &PanicError{value, stackTrace} }

// Error is the text of the panic.
func (e *PanicError) Error() string { return fmt.Sprintf("%v", e.value) }

// StackTrace is where it happened.
func (e *PanicError) StackTrace() string { return e.stackTrace }
