// Package tests has the tests of the SDK over its public API.
package tests

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"wrt.dev/sdk/activity"
	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/testsuite"
	"wrt.dev/sdk/workflow"
)

func environment() *testsuite.TestWorkflowEnvironment {
	return new(testsuite.WorkflowTestSuite).NewTestWorkflowEnvironment()
}

// result runs a workflow that has to complete.
func result[T any](t *testing.T, env *testsuite.TestWorkflowEnvironment, fn any, args ...any) (value T) {
	t.Helper()
	env.ExecuteWorkflow(fn, args...)
	if err := env.GetWorkflowResult(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

func expect[T comparable](t *testing.T, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("got %v, want %v", got, want)
	}
}

var short = workflow.ActivityOptions{StartToCloseTimeout: time.Minute}

func Greet(_ context.Context, name string) (string, error) { return "Hello, " + name, nil }

func TestActivitiesRunAndAreMocked(t *testing.T) {
	greet := func(ctx workflow.Context, name string) (greeting string, err error) {
		err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, short), Greet, name).Get(ctx, &greeting)
		return greeting, err
	}
	env := environment()
	env.RegisterActivity(Greet)
	expect(t, result[string](t, env, greet, "Ada"), "Hello, Ada")

	env = environment()
	env.OnActivity(Greet, testsuite.Anything, "Ada").Return("Good morning", nil).Once()
	expect(t, result[string](t, env, greet, "Ada"), "Good morning")
	env.AssertExpectations(t)
}

func TestAnActivityIsRetriedAndItsTimeIsSkipped(t *testing.T) {
	attempts := 0
	flaky := func(ctx context.Context) (int, error) {
		attempts++
		if activity.GetInfo(ctx).Attempt < 4 {
			return 0, temporal.NewApplicationError("not yet", "NotYet")
		}
		return attempts, nil
	}
	fn := func(ctx workflow.Context) (time.Duration, error) {
		begun := workflow.Now(ctx)
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, short), "flaky").Get(ctx, nil)
		return workflow.Now(ctx).Sub(begun), err
	}
	env := environment()
	env.RegisterActivityWithOptions(flaky, activity.RegisterOptions{Name: "flaky"})
	expect(t, result[time.Duration](t, env, fn), 7*time.Second)
}

func TestErrorsHaveTheirTypesOnBothSides(t *testing.T) {
	fn := func(ctx workflow.Context) (string, error) {
		err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, short), "charge").Get(ctx, nil)
		var application *temporal.ApplicationError
		var wrapper *temporal.ActivityError
		if !errors.As(err, &wrapper) || !errors.As(err, &application) {
			return "", err
		}
		var card string
		if err := application.Details(&card); err != nil {
			return "", err
		}
		return wrapper.ActivityType() + " " + application.Type() + " " + card, err
	}
	env := environment()
	env.OnActivity("charge").Return(temporal.NewNonRetryableApplicationError("no", "CardExpired", nil, "visa"))
	env.ExecuteWorkflow(fn)
	err := env.GetWorkflowError()
	expect(t, temporal.IsApplicationError(err), true)
	var wrapper *temporal.ActivityError
	expect(t, errors.As(err, &wrapper), true)
	expect(t, wrapper.RetryState(), temporal.RetryStateNonRetryableFailure)
}

func TestSignalsQueriesUpdates(t *testing.T) {
	fn := func(ctx workflow.Context) (sum int, err error) {
		_ = workflow.SetQueryHandler(ctx, "sum", func() (int, error) { return sum, nil })
		validator := func(n int) error {
			if n < 0 {
				return errors.New("no negative numbers")
			}
			return nil
		}
		err = workflow.SetUpdateHandlerWithOptions(ctx, "add", func(ctx workflow.Context, n int) (int, error) {
			expect(t, workflow.GetCurrentUpdateInfo(ctx).Name, "add")
			if err := workflow.Sleep(ctx, time.Second); err != nil {
				return 0, err
			}
			sum += n
			return sum, nil
		}, workflow.UpdateHandlerOptions{Validator: validator})
		if err != nil {
			return 0, err
		}
		var done string
		workflow.GetSignalChannel(ctx, "done").Receive(ctx, &done)
		return sum, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	}
	env := environment()
	var answer any
	var rejected error
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow("add", "", &testsuite.TestUpdateCallback{OnComplete: func(a any, _ error) { answer = a }}, 5)
		env.UpdateWorkflow("add", "", &testsuite.TestUpdateCallback{OnReject: func(err error) { rejected = err }}, -5)
		env.SignalWorkflow("done", "bye")
	}, time.Hour)
	expect(t, result[int](t, env, fn), 5)
	expect(t, answer, any(5.0))
	expect(t, rejected != nil, true)
	encoded, err := env.QueryWorkflow("sum")
	if err != nil {
		t.Fatal(err)
	}
	var sum int
	if err := encoded.Get(&sum); err != nil {
		t.Fatal(err)
	}
	expect(t, sum, 5)
	_, err = env.QueryWorkflow("difference")
	expect(t, fmt.Sprint(err), "unknown queryType difference. KnownQueryTypes=[sum]")
}

func TestCancellationReachesScopesAndNotWhatIsShielded(t *testing.T) {
	fn := func(ctx workflow.Context) error {
		err := workflow.Sleep(ctx, time.Hour)
		shielded, _ := workflow.NewDisconnectedContext(ctx)
		if err := workflow.Sleep(shielded, time.Minute); err != nil {
			return err
		}
		return err
	}
	env := environment()
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Second)
	env.ExecuteWorkflow(fn)
	expect(t, temporal.IsCanceledError(env.GetWorkflowError()), true)
	expect(t, env.Now().Sub(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)), time.Minute+time.Second)
}

func TestChildrenAreRunAndSignaled(t *testing.T) {
	child := func(ctx workflow.Context) (word string, err error) {
		workflow.GetSignalChannel(ctx, "word").Receive(ctx, &word)
		return word, nil
	}
	fn := func(ctx workflow.Context) (word string, err error) {
		ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: "c"})
		future := workflow.ExecuteChildWorkflow(ctx, "child")
		var execution workflow.Execution
		if err := future.GetChildWorkflowExecution().Get(ctx, &execution); err != nil {
			return "", err
		}
		expect(t, execution.ID, "c")
		if err := future.SignalChildWorkflow(ctx, "word", "hi").Get(ctx, nil); err != nil {
			return "", err
		}
		err = future.Get(ctx, &word)
		return word, err
	}
	env := environment()
	env.RegisterWorkflowWithOptions(child, workflow.RegisterOptions{Name: "child"})
	expect(t, result[string](t, env, fn), "hi")
}

func TestAPanicFailsTheTaskWithItsStack(t *testing.T) {
	env := environment()
	env.ExecuteWorkflow(func(workflow.Context) error { panic("a bug") })
	text := fmt.Sprint(env.GetWorkflowError())
	for _, part := range []string{"a bug", "coroutine \"main\"", "workflow_test.go"} {
		if !contains(text, part) {
			t.Fatalf("%q is not in %s", part, text)
		}
	}
}

func TestSagasUndoInReverseOrder(t *testing.T) {
	fn := func(ctx workflow.Context) error {
		var undone []string
		saga := workflow.NewSaga(workflow.SagaOptions{})
		for _, step := range []string{"a", "b"} {
			saga.AddCompensation(func(workflow.Context) error {
				undone = append(undone, step)
				return nil
			})
		}
		err := saga.Compensate(ctx, errors.New("broken"))
		return fmt.Errorf("%v %w", undone, err)
	}
	env := environment()
	env.ExecuteWorkflow(fn)
	var application *temporal.ApplicationError
	expect(t, errors.As(env.GetWorkflowError(), &application), true)
	expect(t, application.Message(), "[b a] broken")
}

func TestAWaitForNothingIsAnError(t *testing.T) {
	env := environment()
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		workflow.NewChannel(ctx).Receive(ctx, nil)
		return nil
	})
	expect(t, env.IsWorkflowCompleted(), false)
	expect(t, env.GetWorkflowError() != nil, true)
}

func contains(text, part string) bool {
	for i := range len(text) - len(part) + 1 {
		if text[i:i+len(part)] == part {
			return true
		}
	}
	return false
}
