package testsuite

import (
	"encoding/json"
	"fmt"
	"strings"

	"wrt.dev/sdk/internal/contract"
)

// ledger compares each command with its event, as it is issued, and hands out the numbers that the runtime handed out.
type ledger struct {
	expected []*historyEvent
	seq      uint32
	open     map[int64]*opened
	local    map[uint32]bool
	patches  map[string]bool
	// divergence is the first one; what follows from it is of no interest.
	divergence error
}

// opened is something that the workflow waits for, by the event that opened it.
type opened struct {
	seq      uint32
	id, kind string
}

func (l *ledger) begin(t turn) { l.expected, l.local = t.commands, map[uint32]bool{} }

// end tells of a command that the history has and the workflow did not issue.
func (l *ledger) end() error {
	l.skipDeprecated()
	if l.divergence == nil && len(l.expected) > 0 {
		first := l.expected[0]
		l.divergence = fmt.Errorf("the workflow diverges from its history: it went to rest without the command for event %d %s",
			first.id, first.kind)
	}
	return l.divergence
}

// fact is what a command and its event are compared by.
type fact struct{ name, value string }

// compare takes the next event for a command and returns its id.
func (l *ledger) compare(kind string, facts ...fact) int64 {
	l.skipDeprecated()
	if l.divergence != nil {
		return 0
	}
	issued := kind
	for _, f := range facts {
		issued += " " + f.name + "=" + f.value
	}
	if len(l.expected) == 0 {
		l.divergence = fmt.Errorf("the workflow diverges from its history: it issued %s, where the history has no further command",
			issued)
		return 0
	}
	event := l.expected[0]
	l.expected = l.expected[1:]
	differs := event.kind != kind
	for _, f := range facts {
		differs = differs || describe(field(event.attributes, f.name)) != f.value
	}
	if differs {
		recorded := event.kind
		for _, f := range facts {
			recorded += " " + f.name + "=" + describe(field(event.attributes, f.name))
		}
		l.divergence = fmt.Errorf("the workflow diverges from its history: it issued %s, where the history has event %d %s",
			issued, event.id, recorded)
	}
	return event.id
}

// describe shows a value of an event as the facts of commands are shown.
func describe(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case map[string]any:
		if value["payloads"] != nil {
			return shown(payloadsOf(value))
		}
	}
	return fmt.Sprint(value)
}

func shown(payloads []*contract.Payload) string {
	var texts []string
	for _, payload := range payloads {
		texts = append(texts, string(payload.Metadata["encoding"])+" "+string(payload.Data))
	}
	return strings.Join(texts, ", ")
}

// opens takes a command that is answered.
func (l *ledger) opens(id, kind, event string, facts ...fact) uint32 {
	l.seq++
	if id == "" {
		id = fmt.Sprint(l.seq)
	}
	at := l.compare(event, facts...)
	l.open[at] = &opened{l.seq, id, kind}
	return l.seq
}

func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// Issue compares a command with the next event.
func (l *ledger) Issue(command contract.Command) uint32 {
	switch c := command.(type) {
	case *contract.ScheduleActivity:
		return l.opens(orEmpty(c.Options.ActivityID), c.Type, "ACTIVITY_TASK_SCHEDULED",
			fact{"activityType.name", c.Type}, fact{"input", shown(c.Input)})
	case *contract.ScheduleLocalActivity:
		l.seq++
		l.local[l.seq] = true
		return l.seq
	case *contract.StartTimer:
		return l.opens("", "", "TIMER_STARTED", fact{"timerId", fmt.Sprint(l.seq + 1)})
	case *contract.StartChildWorkflow:
		return l.opens(orEmpty(c.Options.WorkflowID), c.Type, "START_CHILD_WORKFLOW_EXECUTION_INITIATED",
			fact{"workflowType.name", c.Type}, fact{"input", shown(c.Input)})
	case *contract.SignalChildWorkflow:
		return l.opens("", "", "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED", fact{"signalName", c.SignalName},
			fact{"input", shown(c.Input)})
	case *contract.SignalExternalWorkflow:
		return l.opens("", "", "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED", fact{"signalName", c.SignalName},
			fact{"workflowExecution.workflowId", c.WorkflowID}, fact{"input", shown(c.Input)})
	case *contract.RequestCancelExternalWorkflow:
		return l.opens("", "", "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED",
			fact{"workflowExecution.workflowId", c.WorkflowID})
	case *contract.RequestCancelActivity:
		l.compareIfOpen(c.Seq, "ACTIVITY_TASK_CANCEL_REQUESTED", false)
	case *contract.CancelTimer:
		l.compareIfOpen(c.Seq, "TIMER_CANCELED", true)
	case *contract.RequestCancelChildWorkflow:
		l.compareIfOpen(c.Seq, "REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED", false)
	case *contract.RejectUpdate:
	case *contract.AcceptUpdate:
		l.compare("WORKFLOW_EXECUTION_UPDATE_ACCEPTED", fact{"protocolInstanceId", c.UpdateID})
	case *contract.CompleteUpdate:
		l.compare("WORKFLOW_EXECUTION_UPDATE_COMPLETED", fact{"meta.updateId", c.UpdateID})
	case *contract.UpsertSearchAttributes:
		l.compare("UPSERT_WORKFLOW_SEARCH_ATTRIBUTES")
	case *contract.UpsertMemo:
		l.compare("WORKFLOW_PROPERTIES_MODIFIED")
	case *contract.DeprecatePatch:
		l.patches[c.PatchID] = true
		if mark, _ := l.mark(); mark == c.PatchID {
			l.takeMark()
		}
	case *contract.Complete:
		l.compare("WORKFLOW_EXECUTION_COMPLETED", fact{"result", shown(c.Output)})
	case *contract.Fail:
		l.compare("WORKFLOW_EXECUTION_FAILED", fact{"failure.message", c.Failure.Message})
	case *contract.Cancel:
		l.compare("WORKFLOW_EXECUTION_CANCELED")
	case *contract.ContinueAsNew:
		l.compare("WORKFLOW_EXECUTION_CONTINUED_AS_NEW", fact{"input", shown(c.Input)})
	}
	return 0
}

// compareIfOpen takes a command that does nothing once what it names has ended.
func (l *ledger) compareIfOpen(seq uint32, kind string, ends bool) {
	for event, one := range l.open {
		if one.seq == seq {
			if ends {
				delete(l.open, event)
			}
			l.compare(kind)
			return
		}
	}
}

// Log is silent.
func (*ledger) Log(contract.Level, string, []contract.Field) {}

// === Patches ===

// Patched has the mark of the history, or is false.
func (l *ledger) Patched(patchID string) bool {
	if answer, ok := l.patches[patchID]; ok {
		return answer
	}
	mark, _ := l.mark()
	l.patches[patchID] = mark == patchID
	if mark == patchID {
		l.takeMark()
	}
	return l.patches[patchID]
}

// mark is the patch that the next event marks.
func (l *ledger) mark() (id string, deprecated bool) {
	if len(l.expected) == 0 || l.expected[0].text("markerName") != "core_patch" {
		return "", false
	}
	var data struct {
		ID         string
		Deprecated bool
	}
	for _, payload := range l.expected[0].payloads("details.patch-data") {
		_ = json.Unmarshal(payload.Data, &data)
	}
	return data.ID, data.Deprecated
}

// takeMark also takes the search attribute that the runtime sets with it.
func (l *ledger) takeMark() {
	l.expected = l.expected[1:]
	if len(l.expected) > 0 && l.expected[0].has("searchAttributes.indexedFields.TemporalChangeVersion") {
		l.expected = l.expected[1:]
	}
}

// skipDeprecated passes by the marks of patches that the workflow need not speak of any more.
func (l *ledger) skipDeprecated() {
	for {
		if _, deprecated := l.mark(); !deprecated {
			return
		}
		l.takeMark()
	}
}
