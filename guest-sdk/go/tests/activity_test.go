package tests

import (
	"context"
	"testing"

	"wrt.dev/sdk/activity"
	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/testsuite"
)

type counter struct{ step int }

// Count goes on where the attempt before has stopped, until it is asked to stop.
func (c *counter) Count(ctx context.Context, to int) (int, error) {
	at := 0
	if activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &at); err != nil {
			return 0, err
		}
	}
	for ; at < to; at += c.step {
		if activity.RecordHeartbeat(ctx, at); ctx.Err() != nil {
			return 0, ctx.Err()
		}
	}
	return at, nil
}

func TestAnAttemptHeartbeatsAndIsCanceled(t *testing.T) {
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.RegisterActivity(&counter{step: 2})
	env.SetHeartbeatDetails(4)
	heartbeats := 0
	env.SetOnActivityHeartbeatListener(func(converter.EncodedValues) { heartbeats++ })
	var c *counter
	encoded, err := env.ExecuteActivity(c.Count, 10)
	if err != nil {
		t.Fatal(err)
	}
	var end int
	if err := encoded.Get(&end); err != nil {
		t.Fatal(err)
	}
	expect(t, end, 10)
	expect(t, heartbeats, 3)
	env.CancelActivity()
	_, err = env.ExecuteActivity(c.Count, 10)
	expect(t, temporal.IsCanceledError(err), true)
}

func TestAPanicOfAnActivityIsAFailureWithItsStack(t *testing.T) {
	env := new(testsuite.WorkflowTestSuite).NewTestActivityEnvironment()
	env.RegisterActivity(boom)
	_, err := env.ExecuteActivity(boom)
	expect(t, temporal.IsApplicationError(err), true)
}

func boom(context.Context) error { panic("boom") }
