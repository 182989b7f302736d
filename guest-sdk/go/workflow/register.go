package workflow

import (
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
)

// RegisterOptions say more about a workflow type.
type RegisterOptions struct {
	// Name is that of the function by default.
	Name string
	// Description is for people.
	Description string
	// Signals, Queries and Updates are shown for the type before any run has set handlers. They are for people.
	Signals []HandlerDescription
	Queries []HandlerDescription
	Updates []HandlerDescription
	// DisableAlreadyRegisteredCheck has no meaning here: a type is registered once.
	DisableAlreadyRegisteredCheck bool
}

// HandlerDescription describes a signal, a query or an update.
type HandlerDescription struct{ Name, Description string }

// Register is for the SDK's own packages.
func Register(types *registry.Registry, fn any, options RegisterOptions) {
	handlers := func(descriptions []HandlerDescription) (definitions []contract.HandlerDefinition) {
		for _, d := range descriptions {
			definitions = append(definitions, contract.HandlerDefinition{Name: d.Name, Description: d.Description})
		}
		return definitions
	}
	types.AddWorkflow(fn, contextType, contract.WorkflowDefinition{
		HandlerDefinition: contract.HandlerDefinition{Name: options.Name, Description: options.Description},
		Signals:           handlers(options.Signals),
		Queries:           handlers(options.Queries),
		Updates:           handlers(options.Updates),
	})
}
