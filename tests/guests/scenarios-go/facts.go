package main

import (
	cryptorand "crypto/rand"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"strings"
	"time"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/temporal"
	"wrt.dev/sdk/workflow"
)

// facts are the steps that change variables, or what people see, and those that read facts.
var facts = map[string]verb{
	"set": func(f frame, _ workflow.Context, _ object, of any) error {
		return f.change(of, func(_, value any) any { return value })
	},
	"append": func(f frame, _ workflow.Context, _ object, of any) error {
		return f.change(of, func(list, value any) any { return append(append([]any{}, steps(list)...), value) })
	},
	"add": func(f frame, _ workflow.Context, _ object, of any) error {
		return f.change(of, func(sum, value any) any { return number(sum) + number(value) })
	},
	"memo": func(f frame, ctx workflow.Context, _ object, of any) error {
		return workflow.UpsertMemo(ctx, f.value(of).(object))
	},
	"search_attributes": func(f frame, ctx workflow.Context, _ object, of any) error {
		var updates []temporal.SearchAttributeUpdate
		for name, given := range of.(object) {
			updates = append(updates, searchAttribute(name, text(given.(object)["type"]), f.value(given.(object)["value"])))
		}
		return workflow.UpsertTypedSearchAttributes(ctx, updates...)
	},
	"info": func(f frame, ctx workflow.Context, step object, of any) error {
		f.keep(step, fact(ctx, text(of)))
		return nil
	},
	"random": func(f frame, _ workflow.Context, step object, _ any) error {
		var id [16]byte
		cryptorand.Read(id[:])
		id[6], id[8] = id[6]&0x0F|0x40, id[8]&0x3F|0x80
		f.keep(step, object{
			"numbers": []any{rand.Float64(), rand.Float64(), rand.Float64()},
			"uuid":    fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
		})
		return nil
	},
	"now": func(f frame, _ workflow.Context, step object, _ any) error {
		f.keep(step, float64(time.Now().UnixMilli()))
		return nil
	},
	"log": func(_ frame, ctx workflow.Context, _ object, of any) error {
		workflow.GetLogger(ctx).Info(text(of))
		return nil
	},
	"details": func(_ frame, ctx workflow.Context, _ object, of any) error {
		workflow.SetCurrentDetails(ctx, text(of))
		return nil
	},
}

// change sets each variable, in the order of their names, to what is made of its old value and the one that is given.
func (f frame) change(fields any, change func(old, value any) any) error {
	given := fields.(object)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		f.program.variables[name] = change(f.program.variables[name], f.value(given[name]))
	}
	return nil
}

func searchAttribute(name, typeName string, value any) temporal.SearchAttributeUpdate {
	if value == nil {
		return temporal.NewSearchAttributeKeyKeyword(name).ValueUnset()
	}
	switch typeName {
	case "Bool":
		return temporal.NewSearchAttributeKeyBool(name).ValueSet(flag(value))
	case "Double":
		return temporal.NewSearchAttributeKeyFloat64(name).ValueSet(number(value))
	case "Int":
		return temporal.NewSearchAttributeKeyInt64(name).ValueSet(int64(number(value)))
	case "Keyword":
		return temporal.NewSearchAttributeKeyKeyword(name).ValueSet(text(value))
	case "Text":
		return temporal.NewSearchAttributeKeyString(name).ValueSet(text(value))
	case "Datetime":
		at, err := time.Parse(time.RFC3339Nano, text(value))
		if err != nil {
			panic(err)
		}
		return temporal.NewSearchAttributeKeyTime(name).ValueSet(at)
	case "KeywordList":
		var words []string
		for _, word := range steps(value) {
			words = append(words, text(word))
		}
		return temporal.NewSearchAttributeKeyKeywordList(name).ValueSet(words)
	}
	panic(fmt.Sprintf("there is no search attribute of type %q", typeName))
}

func fact(ctx workflow.Context, field string) any {
	info := workflow.GetInfo(ctx)
	if name, ok := strings.CutPrefix(field, "memo."); ok {
		var value any
		if err := converter.GetDefaultDataConverter().FromPayload(info.Memo[name], &value); err != nil {
			panic(err)
		}
		return value
	}
	switch field {
	case "workflow_id":
		return info.WorkflowExecution.ID
	case "workflow_type":
		return info.WorkflowType.Name
	case "task_queue":
		return info.TaskQueueName
	case "namespace":
		return info.Namespace
	case "attempt":
		return float64(info.Attempt)
	case "cron_schedule":
		if info.CronSchedule == "" {
			return nil
		}
		return info.CronSchedule
	case "parent_workflow_id":
		if info.ParentWorkflowExecution == nil {
			return nil
		}
		return info.ParentWorkflowExecution.ID
	case "history_length":
		return float64(info.GetCurrentHistoryLength())
	case "is_continue_as_new_suggested":
		return info.GetContinueAsNewSuggested()
	}
	panic(fmt.Sprintf("there is no fact %q", field))
}
