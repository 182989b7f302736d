package workflow

import (
	"encoding/json"
	"fmt"
	"runtime/debug"
	"strings"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
)

// EncodedValues are arguments that are not decoded yet.
type EncodedValues = converter.EncodedValues

func encodedValues(payloads []*contract.Payload) EncodedValues {
	return converter.NewValues(payloads, converter.GetDefaultDataConverter())
}

type queryHandler struct {
	function    *registry.Function
	description string
}

// QueryHandlerOptions say more about a query.
type QueryHandlerOptions struct {
	// Description is for people.
	Description string
}

// SetQueryHandler answers queries of a type. The handler takes the query's arguments and returns an answer and an error. It
// may look at the state and must not wait; what it changes is thrown away.
func SetQueryHandler(ctx Context, queryType string, handler any) error {
	return SetQueryHandlerWithOptions(ctx, queryType, handler, QueryHandlerOptions{})
}

// SetQueryHandlerWithOptions is SetQueryHandler with options.
func SetQueryHandlerWithOptions(ctx Context, queryType string, handler any, options QueryHandlerOptions) error {
	if strings.HasPrefix(queryType, "__") {
		return fmt.Errorf("query %q: names that begin with __ are those of tools", queryType)
	}
	function, err := registry.NewFunction(handler, nil)
	if err != nil {
		return fmt.Errorf("query %q: %w", queryType, err)
	}
	runOf(ctx).queries[queryType] = &queryHandler{function, options.Description}
	return nil
}

// Query answers a question about the state.
func (e *execution) Query(query contract.Query) (output []*contract.Payload, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("query %q: panic: %v\n\n%s", query.Name, p, debug.Stack())
		}
	}()
	if query.Name == metadataQuery {
		return encode([]any{e.run.metadata()})
	}
	handler, ok := e.run.queries[query.Name]
	if !ok {
		names := contract.SortedKeys(e.run.queries)
		return nil, fmt.Errorf("unknown queryType %s. KnownQueryTypes=[%s]", query.Name, strings.Join(names, " "))
	}
	arguments, err := handler.function.Decode(query.Input)
	if err != nil {
		return nil, fmt.Errorf("query %q: %w", query.Name, err)
	}
	answer, err := handler.function.Call(nil, arguments)
	if err != nil {
		return nil, err
	}
	return encode([]any{answer})
}

// metadataQuery is what tools ask of every workflow.
const metadataQuery = "__temporal_workflow_metadata"

func (r *run) metadata() json.RawMessage {
	type handler struct {
		Name        string `json:"name"`
		Description string `json:"description,omitempty"`
	}
	type definition struct {
		Type    string    `json:"type"`
		Queries []handler `json:"queryDefinitions,omitempty"`
		Signals []handler `json:"signalDefinitions,omitempty"`
		Updates []handler `json:"updateDefinitions,omitempty"`
	}
	own := definition{Type: r.info.WorkflowType.Name}
	for _, name := range contract.SortedKeys(r.queries) {
		own.Queries = append(own.Queries, handler{name, r.queries[name].description})
	}
	for _, name := range contract.SortedKeys(r.signals.channels) {
		if r.signals.asked[name] || r.signals.handlers[name] != nil {
			own.Signals = append(own.Signals, handler{Name: name})
		}
	}
	for _, name := range contract.SortedKeys(r.updates.handlers) {
		own.Updates = append(own.Updates, handler{name, r.updates.handlers[name].options.Description})
	}
	text, err := json.Marshal(struct {
		Definition definition `json:"definition"`
		Details    string     `json:"currentDetails,omitempty"`
	}{own, r.details})
	if err != nil {
		panic(err)
	}
	return text
}
