//go:build wasip1

package component

import (
	"fmt"
	"time"

	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

//go:wasmimport wrt:workflow/activity@0.1.0 schedule
func importSchedule(params uint32) uint32

//go:wasmimport wrt:workflow/activity@0.1.0 schedule-local
func importScheduleLocal(params uint32) uint32

//go:wasmimport wrt:workflow/activity@0.1.0 request-cancel
func importRequestCancelActivity(seq uint32)

//go:wasmimport wrt:workflow/timer@0.1.0 start
func importStartTimer(seconds, nanos, hasSummary, summary, summaryLength uint32) uint32

//go:wasmimport wrt:workflow/timer@0.1.0 cancel
func importCancelTimer(seq uint32)

//go:wasmimport wrt:workflow/child-workflow@0.1.0 start
func importStartChild(params uint32) uint32

//go:wasmimport wrt:workflow/child-workflow@0.1.0 request-cancel
func importRequestCancelChild(seq, reason, reasonLength uint32)

//go:wasmimport wrt:workflow/child-workflow@0.1.0 signal
func importSignalChild(seq, name, nameLength, input, inputLength, header, headerLength uint32) uint32

//go:wasmimport wrt:workflow/external-workflow@0.1.0 signal
func importSignalExternal(id, idLength, run, runLength, name, nameLength, input, inputLength,
	header, headerLength uint32) uint32

//go:wasmimport wrt:workflow/external-workflow@0.1.0 request-cancel
func importRequestCancelExternal(id, idLength, run, runLength, reason, reasonLength uint32) uint32

//go:wasmimport wrt:workflow/update@0.1.0 accept
func importAcceptUpdate(id, idLength uint32)

//go:wasmimport wrt:workflow/update@0.1.0 reject
func importRejectUpdate(id, idLength, failure, failureLength uint32)

//go:wasmimport wrt:workflow/update@0.1.0 complete
func importCompleteUpdate(id, idLength, isFailure, output, outputLength uint32)

//go:wasmimport wrt:workflow/patch@0.1.0 patched
func importPatched(id, idLength uint32) uint32

//go:wasmimport wrt:workflow/patch@0.1.0 deprecate
func importDeprecate(id, idLength uint32)

//go:wasmimport wrt:workflow/visibility@0.1.0 upsert-search-attributes
func importUpsertSearchAttributes(attributes, length uint32)

//go:wasmimport wrt:workflow/visibility@0.1.0 upsert-memo
func importUpsertMemo(fields, length uint32)

//go:wasmimport wrt:workflow/execution@0.1.0 complete
func importComplete(output, length uint32)

//go:wasmimport wrt:workflow/execution@0.1.0 fail
func importFail(failure, length uint32)

//go:wasmimport wrt:workflow/execution@0.1.0 cancel
func importCancel(details, length uint32)

//go:wasmimport wrt:workflow/execution@0.1.0 continue-as-new
func importContinueAsNew(params uint32)

//go:wasmimport wrt:workflow/log@0.1.0 log
func importLog(level, message, messageLength, fields, length uint32)

//go:wasmimport wrt:activity/context@0.1.0 heartbeat
func importHeartbeat(details, length uint32) uint32

//go:wasmimport wrt:activity/context@0.1.0 is-cancel-requested
func importIsCancelRequested() uint32

// runtime is the host of workflows: each command is one call of an import.
type runtime struct{}

func (runtime) Issue(command c.Command) uint32 {
	defer abi.ReleaseTo(abi.Mark())
	switch command := command.(type) {
	case *c.ScheduleActivity:
		return importSchedule(scheduleParams.Lower(*command))
	case *c.ScheduleLocalActivity:
		return importScheduleLocal(scheduleLocalParams.Lower(*command))
	case *c.RequestCancelActivity:
		importRequestCancelActivity(command.Seq)
	case *c.StartTimer:
		parts := splitDuration(command.Duration)
		if command.Summary == nil {
			return importStartTimer(parts[0], parts[1], 0, 0, 0)
		}
		summary := abi.StringOf(*command.Summary)
		return importStartTimer(parts[0], parts[1], 1, summary.Address, summary.Length)
	case *c.CancelTimer:
		importCancelTimer(command.Seq)
	case *c.UpsertSearchAttributes:
		list := listOf(command.Attributes)
		importUpsertSearchAttributes(list.Address, list.Length)
	case *c.UpsertMemo:
		list := listOf(command.Fields)
		importUpsertMemo(list.Address, list.Length)
	case *c.DeprecatePatch:
		id := abi.StringOf(command.PatchID)
		importDeprecate(id.Address, id.Length)
	case *c.Complete:
		output := abi.ListOf(payload, command.Output)
		importComplete(output.Address, output.Length)
	case *c.Fail:
		links := abi.ListOf(link, command.Failure.Links())
		importFail(links.Address, links.Length)
	case *c.Cancel:
		details := abi.ListOf(payload, command.Details)
		importCancel(details.Address, details.Length)
	case *c.ContinueAsNew:
		importContinueAsNew(continueParams.Lower(*command))
	default:
		return issueToOthers(command)
	}
	return 0
}

// issueToOthers issues the commands that reach other workflows, or whoever sent an update.
func issueToOthers(command c.Command) uint32 {
	switch command := command.(type) {
	case *c.StartChildWorkflow:
		return importStartChild(startChildParams.Lower(*command))
	case *c.RequestCancelChildWorkflow:
		reason := abi.StringOf(command.Reason)
		importRequestCancelChild(command.Seq, reason.Address, reason.Length)
	case *c.SignalChildWorkflow:
		name, input := abi.StringOf(command.SignalName), abi.ListOf(payload, command.Input)
		header := listOf(nil)
		return importSignalChild(command.Seq, name.Address, name.Length, input.Address, input.Length,
			header.Address, header.Length)
	case *c.SignalExternalWorkflow:
		id, run := abi.StringOf(command.WorkflowID), abi.StringOf(command.RunID)
		name, input := abi.StringOf(command.SignalName), abi.ListOf(payload, command.Input)
		header := listOf(nil)
		return importSignalExternal(id.Address, id.Length, run.Address, run.Length, name.Address, name.Length,
			input.Address, input.Length, header.Address, header.Length)
	case *c.RequestCancelExternalWorkflow:
		id, run := abi.StringOf(command.WorkflowID), abi.StringOf(command.RunID)
		reason := abi.StringOf(command.Reason)
		return importRequestCancelExternal(id.Address, id.Length, run.Address, run.Length, reason.Address, reason.Length)
	case *c.AcceptUpdate:
		id := abi.StringOf(command.UpdateID)
		importAcceptUpdate(id.Address, id.Length)
	case *c.RejectUpdate:
		id, links := abi.StringOf(command.UpdateID), abi.ListOf(link, command.Reason.Links())
		importRejectUpdate(id.Address, id.Length, links.Address, links.Length)
	case *c.CompleteUpdate:
		completeUpdate(command)
	default:
		panic(fmt.Sprintf("component: no import takes a %T", command))
	}
	return 0
}

func completeUpdate(command *c.CompleteUpdate) {
	id := abi.StringOf(command.UpdateID)
	if failure := command.Outcome.Failure; failure != nil {
		links := abi.ListOf(link, failure.Links())
		importCompleteUpdate(id.Address, id.Length, 1, links.Address, links.Length)
		return
	}
	output := abi.ListOf(payload, command.Outcome.Payloads)
	importCompleteUpdate(id.Address, id.Length, 0, output.Address, output.Length)
}

func (runtime) Patched(patchID string) bool {
	defer abi.ReleaseTo(abi.Mark())
	id := abi.StringOf(patchID)
	return importPatched(id.Address, id.Length) != 0
}

func (runtime) Log(level c.Level, message string, values []c.Field) {
	defer abi.ReleaseTo(abi.Mark())
	text, list := abi.StringOf(message), abi.ListOf(logField, values)
	importLog(uint32(level), text.Address, text.Length, list.Address, list.Length)
}

// attempt is the host of activities.
type attempt struct{}

func (attempt) Heartbeat(details []*c.Payload) bool {
	defer abi.ReleaseTo(abi.Mark())
	list := abi.ListOf(payload, details)
	return importHeartbeat(list.Address, list.Length) != 0
}

func (attempt) IsCancelRequested() bool { return importIsCancelRequested() != 0 }

// listOf and loadFields are fields as a call passes them.
func listOf(values c.Fields) abi.Flat {
	address := fields.Lower(values)
	return abi.Flat{Address: abi.U32.Load(address), Length: abi.U32.Load(address + 4)}
}

func loadFields(address, length uint32) c.Fields {
	pair := abi.Realloc(0, 0, 4, 8)
	abi.U32.Store(pair, address)
	abi.U32.Store(pair+4, length)
	return fields.Load(pair)
}

func joinTime(seconds, nanos uint32) time.Time { return time.Unix(int64(seconds), int64(nanos)).UTC() }
