package testsuite

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"wrt.dev/sdk/internal/contract"
)

// historyEvent is an event, as `wrt workflow show -o json` and Temporal's tools write it.
type historyEvent struct {
	id         int64
	kind       string
	time       time.Time
	attributes any
}

// turn is a workflow task that was completed.
type turn struct {
	started  *historyEvent
	happened []*historyEvent
	commands []*historyEvent
}

func readHistory(text []byte) ([]*historyEvent, error) {
	var history struct{ Events []map[string]json.RawMessage }
	if err := json.Unmarshal(text, &history); err != nil {
		return nil, fmt.Errorf("the history is no JSON of a history: %w", err)
	}
	var events []*historyEvent
	for _, fields := range history.Events {
		event := &historyEvent{}
		var id, kind string
		_ = json.Unmarshal(fields["eventId"], &id)
		_ = json.Unmarshal(fields["eventType"], &kind)
		_ = json.Unmarshal(fields["eventTime"], &event.time)
		event.id, _ = strconv.ParseInt(id, 10, 64)
		event.kind = strings.TrimPrefix(kind, "EVENT_TYPE_")
		for name, value := range fields {
			if strings.HasSuffix(name, "EventAttributes") {
				_ = json.Unmarshal(value, &event.attributes)
			}
		}
		events = append(events, event)
	}
	if len(events) == 0 || events[0].kind != "WORKFLOW_EXECUTION_STARTED" {
		return nil, fmt.Errorf("the history does not begin with the start of a run")
	}
	return events, nil
}

// cut divides a history into its completed workflow tasks.
func cut(events []*historyEvent) (turns []turn) {
	byID := map[int64]*historyEvent{}
	begin := 0
	for i := 0; i < len(events); i++ {
		byID[events[i].id] = events[i]
		if events[i].kind != "WORKFLOW_TASK_COMPLETED" {
			continue
		}
		next := turn{started: byID[events[i].number("startedEventId")], happened: events[begin:i]}
		for begin = i + 1; begin < len(events) && events[begin].isOfCommand(); begin++ {
			next.commands = append(next.commands, events[begin])
		}
		i = begin - 1
		turns = append(turns, next)
	}
	return turns
}

// isOfCommand is true for what a command became.
func (e *historyEvent) isOfCommand() bool {
	return e.has("workflowTaskCompletedEventId") || e.kind == "WORKFLOW_EXECUTION_UPDATE_ACCEPTED" ||
		e.kind == "WORKFLOW_EXECUTION_UPDATE_COMPLETED"
}

// field is what a path of names leads to, or nil.
func field(value any, path string) any {
	for _, name := range strings.Split(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func (e *historyEvent) has(path string) bool { return field(e.attributes, path) != nil }

func (e *historyEvent) text(path string) string {
	text, _ := field(e.attributes, path).(string)
	return text
}

// number reads numbers, which protobuf's JSON writes as text when they are long.
func (e *historyEvent) number(path string) int64 {
	switch value := field(e.attributes, path).(type) {
	case float64:
		return int64(value)
	case string:
		number, _ := strconv.ParseInt(value, 10, 64)
		return number
	}
	return 0
}

func (e *historyEvent) duration(path string) *time.Duration {
	d, err := time.ParseDuration(e.text(path))
	if err != nil {
		return nil
	}
	return &d
}

func (e *historyEvent) payloads(path string) []*contract.Payload {
	return payloadsOf(field(e.attributes, path))
}

func payloadsOf(value any) (payloads []*contract.Payload) {
	list, _ := field(value, "payloads").([]any)
	for _, one := range list {
		payloads = append(payloads, payloadOf(one))
	}
	return payloads
}

func payloadOf(value any) *contract.Payload {
	payload := &contract.Payload{Metadata: map[string][]byte{}}
	metadata, _ := field(value, "metadata").(map[string]any)
	for key, encoded := range metadata {
		text, _ := encoded.(string)
		payload.Metadata[key], _ = base64.StdEncoding.DecodeString(text)
	}
	data, _ := field(value, "data").(string)
	payload.Data, _ = base64.StdEncoding.DecodeString(data)
	return payload
}

func (e *historyEvent) fields(path string) contract.Fields {
	fields := contract.Fields{}
	values, _ := field(e.attributes, path).(map[string]any)
	for name, value := range values {
		fields[name] = payloadOf(value)
	}
	return fields
}

func (e *historyEvent) failure(path string) *contract.Failure {
	return failureOf(field(e.attributes, path))
}

func failureOf(value any) *contract.Failure {
	if value == nil {
		return nil
	}
	text := func(path string) string { s, _ := field(value, path).(string); return s }
	flag := func(path string) bool { b, _ := field(value, path).(bool); return b }
	f := &contract.Failure{Message: text("message"), Source: text("source"), StackTrace: text("stackTrace"),
		Cause: failureOf(field(value, "cause"))}
	switch {
	case field(value, "timeoutFailureInfo") != nil:
		f.Info = &contract.TimeoutInfo{Type: timeoutTypes[text("timeoutFailureInfo.timeoutType")],
			LastHeartbeatDetails: payloadsOf(field(value, "timeoutFailureInfo.lastHeartbeatDetails"))}
	case field(value, "canceledFailureInfo") != nil:
		f.Info = &contract.CanceledInfo{Details: payloadsOf(field(value, "canceledFailureInfo.details"))}
	case field(value, "terminatedFailureInfo") != nil:
		f.Info = &contract.TerminatedInfo{}
	case field(value, "serverFailureInfo") != nil:
		f.Info = &contract.ServerInfo{NonRetryable: flag("serverFailureInfo.nonRetryable")}
	case field(value, "activityFailureInfo") != nil:
		f.Info = &contract.ActivityInfo{ActivityType: text("activityFailureInfo.activityType.name"),
			ActivityID: text("activityFailureInfo.activityId"), Identity: text("activityFailureInfo.identity"),
			RetryState: retryStates[text("activityFailureInfo.retryState")]}
	case field(value, "childWorkflowExecutionFailureInfo") != nil:
		f.Info = &contract.ChildWorkflowInfo{WorkflowType: text("childWorkflowExecutionFailureInfo.workflowType.name"),
			WorkflowID: text("childWorkflowExecutionFailureInfo.workflowExecution.workflowId"),
			RunID:      text("childWorkflowExecutionFailureInfo.workflowExecution.runId"),
			RetryState: retryStates[text("childWorkflowExecutionFailureInfo.retryState")]}
	default:
		f.Info = &contract.ApplicationInfo{Type: text("applicationFailureInfo.type"),
			NonRetryable: flag("applicationFailureInfo.nonRetryable"),
			Details:      payloadsOf(field(value, "applicationFailureInfo.details"))}
	}
	return f
}

var timeoutTypes = map[string]contract.TimeoutType{
	"TIMEOUT_TYPE_START_TO_CLOSE": contract.StartToClose, "TIMEOUT_TYPE_SCHEDULE_TO_START": contract.ScheduleToStart,
	"TIMEOUT_TYPE_SCHEDULE_TO_CLOSE": contract.ScheduleToClose, "TIMEOUT_TYPE_HEARTBEAT": contract.Heartbeat,
}

var retryStates = map[string]contract.RetryState{
	"RETRY_STATE_IN_PROGRESS": contract.RetryStateInProgress, "RETRY_STATE_TIMEOUT": contract.RetryStateTimeout,
	"RETRY_STATE_NON_RETRYABLE_FAILURE":    contract.RetryStateNonRetryableFailure,
	"RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED": contract.RetryStateMaximumAttemptsReached,
	"RETRY_STATE_RETRY_POLICY_NOT_SET":     contract.RetryStateRetryPolicyNotSet,
	"RETRY_STATE_INTERNAL_SERVER_ERROR":    contract.RetryStateInternalServerError,
	"RETRY_STATE_CANCEL_REQUESTED":         contract.RetryStateCancelRequested,
}
