package main

import (
	"errors"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/temporal"
)

// failure makes the application error of a `fail`.
func (f frame) failure(v any) error {
	given, ok := v.(object)
	if !ok {
		return nil
	}
	return temporal.NewApplicationErrorWithOptions(text(f.value(given["message"])), text(f.value(given["type"])),
		temporal.ApplicationErrorOptions{
			NonRetryable: flag(given["non_retryable"]),
			Details:      f.values(given["details"]),
			Cause:        f.failure(given["cause"]),
		})
}

// described is what `$error` shows of an error.
func described(err error) any {
	if err == nil {
		return nil
	}
	shown := object{"message": err.Error(), "type": "", "cause": described(errors.Unwrap(err))}
	switch err := err.(type) {
	case *temporal.ApplicationError:
		shown["kind"], shown["message"], shown["type"] = "application", err.Message(), err.Type()
		if err.HasDetails() {
			shown["details"] = details(err.Details)
		}
	case *temporal.ActivityError:
		shown["kind"], shown["message"], shown["type"] = "activity", err.Message(), err.ActivityType()
	case *temporal.ChildWorkflowExecutionError:
		shown["kind"], shown["message"], shown["type"] = "child", err.Message(), err.WorkflowType()
	case *temporal.TimeoutError:
		shown["kind"], shown["message"], shown["type"] = "timeout", err.Message(), err.TimeoutType().String()
		if err.HasLastHeartbeatDetails() {
			shown["details"] = details(err.LastHeartbeatDetails)
		}
	case *temporal.CanceledError:
		shown["kind"] = "canceled"
		if err.HasDetails() {
			shown["details"] = details(err.Details)
		}
	case *temporal.TerminatedError:
		shown["kind"] = "terminated"
	case *temporal.ServerError:
		shown["kind"], shown["message"] = "server", err.Message()
	default:
		shown["kind"], shown["message"] = "application", err.Error()
	}
	return shown
}

// details reads as many as there are.
func details(read func(valuePtrs ...any) error) []any {
	const most = 8
	var payloads [most]*converter.Payload
	pointers := make([]any, most)
	for i := range payloads {
		pointers[i] = &payloads[i]
	}
	if err := read(pointers...); err != nil {
		panic(err)
	}
	values := []any{}
	for _, payload := range payloads {
		var value any
		if payload == nil {
			break
		}
		if err := converter.GetDefaultDataConverter().FromPayload(payload, &value); err != nil {
			panic(err)
		}
		values = append(values, value)
	}
	return values
}
