package testsuite

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/workflow"
)

// Anything stands for any argument of a mocked call. testify's mock.Anything is the same.
const Anything = "mock.Anything"

type mockKind string

const (
	mockActivity mockKind = "activity"
	mockWorkflow mockKind = "workflow"
)

// MockCall answers calls in place of an activity or a child.
type MockCall struct {
	kind      mockKind
	name      string
	arguments []any
	returns   []any
	takes     time.Duration
	left      int
	calls     int
}

// OnActivity mocks an activity, given by its function or its name. The arguments begin with the context: OnActivity(Charge,
// Anything, 4200).
func (e *TestWorkflowEnvironment) OnActivity(activity any, args ...any) *MockCall {
	return e.on(mockActivity, activity, args)
}

// OnWorkflow mocks a child.
func (e *TestWorkflowEnvironment) OnWorkflow(workflow any, args ...any) *MockCall {
	return e.on(mockWorkflow, workflow, args)
}

func (e *TestWorkflowEnvironment) on(kind mockKind, fn any, args []any) *MockCall {
	name, err := e.types.NameOf(fn)
	if err != nil {
		panic(err)
	}
	mock := &MockCall{kind: kind, name: name, arguments: args, left: -1}
	e.mocks = append(e.mocks, mock)
	return mock
}

// Return sets the answer: a result and an error, an error alone, or a function that takes what the mocked one takes.
func (m *MockCall) Return(values ...any) *MockCall {
	m.returns = values
	return m
}

// Once answers one call.
func (m *MockCall) Once() *MockCall { return m.Times(1) }

// Times answers n calls.
func (m *MockCall) Times(n int) *MockCall {
	m.left = n
	return m
}

// After lets so much time pass before the answer.
func (m *MockCall) After(d time.Duration) *MockCall {
	m.takes = d
	return m
}

// AssertExpectations fails the test when a mock was not called, or not as often as it should.
func (e *TestWorkflowEnvironment) AssertExpectations(t interface {
	Errorf(format string, args ...any)
}) bool {
	met := true
	for _, mock := range e.mocks {
		if mock.left > 0 || mock.calls == 0 {
			t.Errorf("the mock of %s %s was called %d times", mock.kind, mock.name, mock.calls)
			met = false
		}
	}
	return met
}

// mock finds the first mock that takes a call.
func (e *TestWorkflowEnvironment) mock(kind mockKind, name string, input []*contract.Payload) *MockCall {
	for _, mock := range e.mocks {
		if mock.kind == kind && mock.name == name && mock.left != 0 && mock.matches(input) {
			mock.calls++
			if mock.left > 0 {
				mock.left--
			}
			return mock
		}
	}
	return nil
}

// matches compares what comes behind the context.
func (m *MockCall) matches(input []*contract.Payload) bool {
	if len(m.arguments) == 0 {
		return true
	}
	arguments := m.arguments[1:]
	if len(arguments) != len(input) {
		return false
	}
	for i, want := range arguments {
		if want == Anything {
			continue
		}
		payload, err := converter.GetDefaultDataConverter().ToPayload(want)
		if err != nil || !reflect.DeepEqual(payload, input[i]) {
			return false
		}
	}
	return true
}

// answer is that of Return.
func (m *MockCall) answer(input []*contract.Payload, ctx any) contract.Outcome {
	if len(m.returns) == 1 && reflect.TypeOf(m.returns[0]) != nil && reflect.TypeOf(m.returns[0]).Kind() == reflect.Func {
		return m.call(input, ctx)
	}
	var result any
	for i, value := range m.returns {
		if err, ok := value.(error); ok && i == len(m.returns)-1 {
			return failed(err)
		}
		if i == 0 && (len(m.returns) > 1 || value != nil) {
			result = value
		}
	}
	return contract.Outcome{Payloads: encode(result)}
}

func (m *MockCall) call(input []*contract.Payload, ctx any) contract.Outcome {
	context := reflect.TypeFor[context.Context]()
	if m.kind == mockWorkflow {
		context = reflect.TypeFor[workflow.Context]()
	}
	function, err := registry.NewFunction(m.returns[0], context)
	if err != nil {
		panic(fmt.Sprintf("the mock of %s %s: %v", m.kind, m.name, err))
	}
	arguments, err := function.Decode(input)
	if err != nil {
		return failed(err)
	}
	result, err := function.Call(ctx, arguments)
	if err != nil {
		return failed(err)
	}
	return contract.Outcome{Payloads: encode(result)}
}

func failed(err error) contract.Outcome {
	return contract.Outcome{Failure: temporal.GetDefaultFailureConverter().ErrorToFailure(err)}
}
