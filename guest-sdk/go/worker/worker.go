// Package worker registers what a module consists of. A module is a main package that imports it:
//
//	func main() {}
//
//	func init() {
//		worker.RegisterWorkflow(OrderWorkflow)
//		worker.RegisterActivity(&Activities{})
//	}
//
// There is no worker to run: the server holds the module, and calls it. `main` stays empty and is never called; `init`
// runs in every instance.
package worker

import (
	"wrt.dev/sdk/activity"
	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/component"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/workflow"
)

func init() {
	types := registry.Default
	component.Export(component.Guest{
		Workflows:  types.DescribeWorkflows,
		Activities: types.DescribeActivities,
		Start: func(host contract.Host, start *contract.Start) (contract.Execution, error) {
			return workflow.Start(host, types, start)
		},
		Execute: func(host contract.ActivityHost, task contract.ActivityTask) contract.Outcome {
			return activity.Execute(types, host, task)
		},
	})
}

// RegisterWorkflow registers a workflow under the name of its function.
func RegisterWorkflow(w any) { RegisterWorkflowWithOptions(w, workflow.RegisterOptions{}) }

// RegisterWorkflowWithOptions registers a workflow with options.
func RegisterWorkflowWithOptions(w any, options workflow.RegisterOptions) {
	workflow.Register(registry.Default, w, options)
}

// RegisterActivity registers an activity under the name of its function, or all exported methods of a struct, given by a
// pointer, under theirs.
func RegisterActivity(a any) { RegisterActivityWithOptions(a, activity.RegisterOptions{}) }

// RegisterActivityWithOptions registers activities with options.
func RegisterActivityWithOptions(a any, options activity.RegisterOptions) {
	activity.Register(registry.Default, a, options)
}

// SetDataConverter sets the converter of the module. Call it in `init`, before anything runs.
func SetDataConverter(dataConverter converter.DataConverter) {
	converter.SetDefaultDataConverter(dataConverter)
}
