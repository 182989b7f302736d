package tests

import (
	"fmt"
	"testing"
	"time"

	"wrt.dev/sdk/workflow"
)

func TestChannelsSelectorsAndLocks(t *testing.T) {
	fn := func(ctx workflow.Context) (string, error) {
		log := ""
		unbuffered, buffered := workflow.NewChannel(ctx), workflow.NewBufferedChannel(ctx, 2)
		group, lock := workflow.NewWaitGroup(ctx), workflow.NewMutex(ctx)
		group.Go(ctx, func(ctx workflow.Context) {
			for i := range 3 {
				unbuffered.Send(ctx, i)
			}
			unbuffered.Close()
		})
		group.Go(ctx, func(ctx workflow.Context) {
			if err := lock.Lock(ctx); err != nil {
				panic(err)
			}
			defer lock.Unlock()
			_ = workflow.Sleep(ctx, time.Second)
			buffered.Send(ctx, "x")
		})
		selector := workflow.NewSelector(ctx)
		open := true
		selector.AddReceive(unbuffered, func(c workflow.ReceiveChannel, more bool) {
			var n int
			if open = c.Receive(ctx, &n); open {
				log += fmt.Sprint(n)
			}
		})
		for open {
			selector.Select(ctx)
		}
		expect(t, lock.TryLock(ctx), false)
		timer := workflow.NewTimer(ctx, time.Minute)
		workflow.NewSelector(ctx).
			AddFuture(timer, func(workflow.Future) { log += "timer" }).
			AddReceive(buffered, func(c workflow.ReceiveChannel, _ bool) {
				var word string
				c.Receive(ctx, &word)
				log += word
			}).
			Select(ctx)
		group.Wait(ctx)
		ok, more := buffered.ReceiveWithTimeout(ctx, time.Second, nil)
		return log + fmt.Sprint(ok, more, lock.IsLocked()), nil
	}
	expect(t, result[string](t, environment(), fn), "012xfalse true false")
}

func TestAwaitWithTimeout(t *testing.T) {
	fn := func(ctx workflow.Context) (string, error) {
		ready := false
		workflow.Go(ctx, func(ctx workflow.Context) {
			_ = workflow.Sleep(ctx, time.Minute)
			ready = true
		})
		early, err := workflow.AwaitWithTimeout(ctx, time.Second, func() bool { return ready })
		if err != nil {
			return "", err
		}
		late, err := workflow.AwaitWithTimeout(ctx, time.Hour, func() bool { return ready })
		return fmt.Sprint(early, late), err
	}
	expect(t, result[string](t, environment(), fn), "false true")
}

func TestRaceCancelsTheOthers(t *testing.T) {
	fn := func(ctx workflow.Context) (string, error) {
		var other error
		first, err := workflow.Race(ctx,
			func(ctx workflow.Context) error { other = workflow.Sleep(ctx, time.Hour); return other },
			func(ctx workflow.Context) error { return workflow.Sleep(ctx, time.Second) })
		return fmt.Sprint(first, other), err
	}
	expect(t, result[string](t, environment(), fn), "1 canceled")
}

func TestContextsCarryValuesAndDeadlines(t *testing.T) {
	fn := func(ctx workflow.Context) (string, error) {
		type key struct{}
		ctx = workflow.WithValue(ctx, key{}, "v")
		timed, cancel := workflow.WithTimeout(ctx, time.Second)
		defer cancel()
		err := workflow.Sleep(timed, time.Hour)
		return fmt.Sprint(timed.Value(key{}), err), nil
	}
	expect(t, result[string](t, environment(), fn), "vcanceled")
}

func TestPlainGoroutinesAreToldApart(t *testing.T) {
	fn := func(ctx workflow.Context) (text string, err error) {
		done := make(chan string)
		go func() {
			defer func() { done <- fmt.Sprint(recover()) }()
			_ = workflow.Sleep(ctx, time.Second)
		}()
		return <-done, nil
	}
	if text := result[string](t, environment(), fn); !contains(text, "start coroutines with workflow.Go") {
		t.Fatal(text)
	}
}
