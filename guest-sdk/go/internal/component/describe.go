package component

import (
	"wrt.dev/sdk/internal/abi"
	c "wrt.dev/sdk/internal/contract"
)

// moduleDefinition is what `describe` of either world answers.
type moduleDefinition[D any] struct {
	name, version string
	definitions   []D
}

func module[D any](definition abi.Type[D]) abi.Type[moduleDefinition[D]] {
	return abi.Record(
		abi.In(abi.String, func(m *moduleDefinition[D]) *string { return &m.name }),
		abi.In(abi.String, func(m *moduleDefinition[D]) *string { return &m.version }),
		abi.In(abi.List(definition), func(m *moduleDefinition[D]) *[]D { return &m.definitions }),
	)
}

func describe[D any](definitions []D) moduleDefinition[D] {
	return moduleDefinition[D]{c.SDKName, c.SDKVersion, definitions}
}

var (
	workflowModule = module(abi.Record(
		abi.In(abi.String, func(d *c.WorkflowDefinition) *string { return &d.Name }),
		abi.In(abi.String, func(d *c.WorkflowDefinition) *string { return &d.Description }),
		abi.In(optionalString, func(d *c.WorkflowDefinition) **string { return &d.InputSchema }),
		abi.In(optionalString, func(d *c.WorkflowDefinition) **string { return &d.OutputSchema }),
		abi.In(abi.List(handlerDefinition), func(d *c.WorkflowDefinition) *[]c.HandlerDefinition { return &d.Signals }),
		abi.In(abi.List(handlerDefinition), func(d *c.WorkflowDefinition) *[]c.HandlerDefinition { return &d.Queries }),
		abi.In(abi.List(handlerDefinition), func(d *c.WorkflowDefinition) *[]c.HandlerDefinition { return &d.Updates }),
	))
	activityModule    = module(handlerDefinition)
	handlerDefinition = abi.Record(
		abi.In(abi.String, func(d *c.HandlerDefinition) *string { return &d.Name }),
		abi.In(abi.String, func(d *c.HandlerDefinition) *string { return &d.Description }),
		abi.In(optionalString, func(d *c.HandlerDefinition) **string { return &d.InputSchema }),
		abi.In(optionalString, func(d *c.HandlerDefinition) **string { return &d.OutputSchema }),
	)
)
