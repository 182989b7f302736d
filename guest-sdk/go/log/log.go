// Package log has the interface of loggers: messages with pairs of keys and values.
package log

// Logger writes lines. keyvals are names and values in turn.
type Logger interface {
	Debug(msg string, keyvals ...any)
	Info(msg string, keyvals ...any)
	Warn(msg string, keyvals ...any)
	Error(msg string, keyvals ...any)
}

// WithLogger is a logger that makes loggers with fixed pairs.
type WithLogger interface {
	With(keyvals ...any) Logger
}

// With returns a logger that adds the pairs to each line.
func With(logger Logger, keyvals ...any) Logger {
	if with, ok := logger.(WithLogger); ok {
		return with.With(keyvals...)
	}
	return &withPairs{logger, keyvals}
}

type withPairs struct {
	logger Logger
	pairs  []any
}

func (w *withPairs) join(keyvals []any) []any {
	return append(w.pairs[:len(w.pairs):len(w.pairs)], keyvals...)
}

func (w *withPairs) Debug(msg string, keyvals ...any) { w.logger.Debug(msg, w.join(keyvals)...) }
func (w *withPairs) Info(msg string, keyvals ...any)  { w.logger.Info(msg, w.join(keyvals)...) }
func (w *withPairs) Warn(msg string, keyvals ...any)  { w.logger.Warn(msg, w.join(keyvals)...) }
func (w *withPairs) Error(msg string, keyvals ...any) { w.logger.Error(msg, w.join(keyvals)...) }
func (w *withPairs) With(keyvals ...any) Logger       { return &withPairs{w.logger, w.join(keyvals)} }
