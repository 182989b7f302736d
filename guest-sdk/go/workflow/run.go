package workflow

import (
	"time"

	"wrt.dev/sdk/converter"
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
	"wrt.dev/sdk/temporal"
)

// run is the memory of one run: what it waits for, and who is told.
type run struct {
	host       contract.Host
	registry   *registry.Registry
	dispatcher *dispatcher
	coroutines int
	info       *Info
	time       time.Time
	root       *scope
	canceled   bool
	// pending are the answers that commands wait for, by sequence number. Timers, activities, and the like count alike.
	timers     map[uint32]*future
	activities map[uint32]*future
	children   map[uint32]*childFuture
	externals  map[uint32]*future
	signals    signals
	queries    map[string]*queryHandler
	updates    updates
	handlers   []*runningHandler
	details    string
	// closed is set by the command that ends the run: nothing may follow it.
	closed bool
}

func newRun(host contract.Host, types *registry.Registry, start *contract.Start) *run {
	r := &run{
		host: host, registry: types, time: start.Info.StartTime,
		timers: map[uint32]*future{}, activities: map[uint32]*future{},
		children: map[uint32]*childFuture{}, externals: map[uint32]*future{},
		queries: map[string]*queryHandler{}, updates: updates{handlers: map[string]*updateHandler{}},
	}
	r.dispatcher = &dispatcher{ended: func() bool { return r.closed }}
	r.info = newInfo(&start.Info)
	r.root = newScope(rootContext{r})
	return r
}

// issue gives the sequence number of a command that is answered. A closed run asks for nothing more, and 0 is never
// answered.
func (r *run) issue(command contract.Command) uint32 {
	if r.closed {
		return 0
	}
	return r.host.Issue(command)
}

// resolve hands a result to who waits for the sequence number, if anybody does.
func resolve(pending map[uint32]*future, seq uint32, value any, failure *contract.Failure) {
	if f, ok := pending[seq]; ok {
		delete(pending, seq)
		f.resolve(value, toError(failure))
	}
}

func toError(failure *contract.Failure) error {
	return temporal.GetDefaultFailureConverter().FailureToError(failure)
}

func toFailure(err error) *contract.Failure {
	return temporal.GetDefaultFailureConverter().ErrorToFailure(err)
}

// encode makes payloads of arguments.
func encode(arguments []any) ([]*contract.Payload, error) {
	return converter.GetDefaultDataConverter().ToPayloads(arguments...)
}

func optionalText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalDuration(d time.Duration) *time.Duration {
	if d == 0 {
		return nil
	}
	return &d
}

// fieldsOf encodes the values of a map.
func fieldsOf(values map[string]any) (contract.Fields, error) {
	fields := contract.Fields{}
	for name, value := range values {
		payload, err := converter.GetDefaultDataConverter().ToPayload(value)
		if err != nil {
			return nil, err
		}
		fields[name] = payload
	}
	return fields, nil
}
