package workflow

import (
	"wrt.dev/sdk/internal/contract"
	"wrt.dev/sdk/internal/logfields"
	"wrt.dev/sdk/log"
)

// GetLogger returns the logger of the run. Each line appears once, however often the run is replayed.
func GetLogger(ctx Context) log.Logger { return runOf(ctx).logger() }

func (r *run) logger() log.Logger { return logger{r.host} }

type logger struct{ host contract.Host }

func (l logger) Debug(msg string, keyvals ...any) { l.write(contract.LevelDebug, msg, keyvals) }
func (l logger) Info(msg string, keyvals ...any)  { l.write(contract.LevelInfo, msg, keyvals) }
func (l logger) Warn(msg string, keyvals ...any)  { l.write(contract.LevelWarn, msg, keyvals) }
func (l logger) Error(msg string, keyvals ...any) { l.write(contract.LevelError, msg, keyvals) }

func (l logger) write(level contract.Level, msg string, keyvals []any) {
	l.host.Log(level, msg, logfields.Of(keyvals))
}
