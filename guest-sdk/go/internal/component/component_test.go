package component

import (
	"reflect"
	"testing"
	"time"

	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

// What is lowered and lifted again is the same. The sizes are those that the canonical ABI gives the types of the contract.
func lowered[T any](t *testing.T, typ abi.Type[T], value T, size, align uint32) {
	t.Helper()
	if typ.Size != size || typ.Align != align {
		t.Errorf("%T has the size %d and the alignment %d, not %d and %d", value, typ.Size, typ.Align, size, align)
	}
	if got := typ.Load(typ.Lower(value)); !reflect.DeepEqual(got, value) {
		t.Errorf("%+v became %+v", value, got)
	}
}

func TestTypesSurviveTheContract(t *testing.T) {
	second, text, factor := 1500*time.Millisecond, "text", 1.5
	value := &c.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain"), "a": {1}}, Data: []byte(`"é"`)}
	lowered(t, span, second, 8, 4)
	lowered(t, optionalString, &text, 12, 4)
	lowered(t, payload, value, 16, 4)
	policy := &c.RetryPolicy{InitialInterval: &second, BackoffCoefficient: &factor, MaximumAttempts: 3,
		NonRetryableErrorTypes: []string{"A", "B"}}
	lowered(t, abi.Option(retryPolicy), policy, 64, 8)
	chain := &c.Failure{Message: "activity error", Info: &c.ActivityInfo{ActivityType: "A", RetryState: c.RetryStateTimeout},
		Cause: &c.Failure{Message: "m", Source: "s", StackTrace: "t", Info: &c.ApplicationInfo{Type: "T", NonRetryable: true,
			Details: []*c.Payload{value}, NextRetryDelay: &second}}}
	lowered(t, failure, chain, 8, 4)
	for _, info := range []c.FailureInfo{&c.TimeoutInfo{Type: c.Heartbeat}, &c.CanceledInfo{}, &c.TerminatedInfo{},
		&c.ServerInfo{NonRetryable: true}, &c.ChildWorkflowInfo{WorkflowID: "w"}} {
		lowered(t, failureInfo, info, 36, 4)
	}
	for _, one := range []c.Job{
		&c.TimerFired{Seq: 7}, &c.CancelRequested{Reason: "enough"},
		&c.ActivityResolved{Seq: 1, Output: c.Outcome{Failure: chain}},
		&c.ChildWorkflowStarted{Seq: 2, Outcome: c.StartOutcome{RunID: "r"}},
		&c.ExternalResolved{Seq: 3}, &c.ExternalResolved{Seq: 3, Failure: chain},
		&c.Update{ID: "u", Name: "n", Input: []*c.Payload{value}, Header: c.Fields{"h": value}},
	} {
		if got := job.Load(job.Lower(one)); !reflect.DeepEqual(got, one) {
			t.Errorf("%+v became %+v", one, got)
		}
	}
}
