package workflow

import (
	"slices"

	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/registry"
)

// signals are the channels by name, and those whose channel nobody has asked for.
type signals struct {
	channels map[string]*channel
	// order is that in which names came.
	order    []string
	asked    map[string]bool
	handlers map[string]func(input []*contract.Payload)
	dynamic  func(name string, input []*contract.Payload)
}

// signalCapacity is more than any history has.
const signalCapacity = 1 << 30

func (s *signals) channel(r *run, name string) *channel {
	if s.channels == nil {
		s.channels, s.asked = map[string]*channel{}, map[string]bool{}
		s.handlers = map[string]func([]*contract.Payload){}
	}
	c, ok := s.channels[name]
	if !ok {
		c = newChannel(r, name, signalCapacity)
		c.decodes = true
		s.channels[name] = c
		s.order = append(s.order, name)
	}
	return c
}

func (r *run) signal(job *contract.Signal) {
	c := r.signals.channel(r, job.Name)
	switch handler := r.signals.handlers[job.Name]; {
	case handler != nil:
		handler(job.Input)
	case r.signals.dynamic != nil && !r.signals.asked[job.Name]:
		r.signals.dynamic(job.Name, job.Input)
	default:
		c.SendAsync(job.Input)
	}
}

// SignalChannelOptions say more about the signals of a name.
type SignalChannelOptions struct {
	// Description is for people.
	Description string
}

// GetSignalChannel returns the channel of the signals of a name. Those that came before are in it.
func GetSignalChannel(ctx Context, signalName string) ReceiveChannel {
	r := runOf(ctx)
	c := r.signals.channel(r, signalName)
	r.signals.asked[signalName] = true
	return c
}

// GetSignalChannelWithOptions is GetSignalChannel with options.
func GetSignalChannelWithOptions(ctx Context, signalName string, _ SignalChannelOptions) ReceiveChannel {
	return GetSignalChannel(ctx, signalName)
}

// GetUnhandledSignalNames lists the names of signals that wait in a channel which nobody has emptied, in the order in which
// they came.
func GetUnhandledSignalNames(ctx Context) []string {
	r := runOf(ctx)
	return slices.DeleteFunc(slices.Clone(r.signals.order), func(name string) bool {
		return len(r.signals.channels[name].buffer) == 0
	})
}

// SetSignalHandler calls a function, in a coroutine of its own, for each signal of a name, in their order; those that came
// before come first. The function takes a Context and the signal's argument. Temporal's SDK for Go has channels only.
func SetSignalHandler(ctx Context, signalName string, handler any) error {
	r := runOf(ctx)
	function, err := registry.NewFunction(handler, contextType)
	if err != nil {
		return err
	}
	waiting := r.signals.channel(r, signalName)
	handle := func(input []*contract.Payload) { r.runSignalHandler(ctx, signalName, function, input) }
	r.signals.handlers[signalName] = handle
	for {
		input, ok := waiting.take()
		if !ok {
			return nil
		}
		handle(input.([]*contract.Payload))
	}
}

// SetDynamicSignalHandler calls a function, in a coroutine of its own, for each signal that has neither a handler nor a
// channel. The arguments are encoded values.
func SetDynamicSignalHandler(ctx Context, handler func(ctx Context, signalName string, args EncodedValues)) {
	r := runOf(ctx)
	r.signals.channel(r, "")
	r.signals.dynamic = func(name string, input []*contract.Payload) {
		r.startHandler(ctx, "signal "+name, HandlerUnfinishedPolicyWarnAndAbandon, func(ctx Context) {
			handler(ctx, name, encodedValues(input))
		})
	}
	for _, name := range GetUnhandledSignalNames(ctx) {
		if !r.signals.asked[name] && r.signals.handlers[name] == nil {
			for waiting := r.signals.channels[name]; len(waiting.buffer) > 0; {
				input, _ := waiting.take()
				r.signals.dynamic(name, input.([]*contract.Payload))
			}
		}
	}
}

func (r *run) runSignalHandler(ctx Context, name string, function *registry.Function, input []*contract.Payload) {
	arguments, err := function.Decode(input)
	if err != nil {
		r.logger().Error("a signal was dropped: its payload does not fit", "signal", name, "error", err)
		return
	}
	r.startHandler(ctx, "signal "+name, HandlerUnfinishedPolicyWarnAndAbandon, func(ctx Context) {
		if _, err := function.Call(ctx, arguments); err != nil {
			r.logger().Error("signal handler failed", "signal", name, "error", err)
		}
	})
}
