// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

var errForkerClosed = errors.New("the host is shutting down: no plugin can start")

// A Forker starts processes from one thread that lives as long as it does. On
// Linux a child is killed when the thread that forked it ends, not when the
// process does, and Go ends threads as it likes (golang.org/issue/27505).
type Forker struct {
	requests chan forkRequest
	closing  chan struct{}
	closed   chan struct{}
	once     sync.Once
}

type forkRequest struct {
	cmd    *exec.Cmd
	result chan<- error
}

// NewForker returns a Forker whose thread runs until Close.
func NewForker() *Forker {
	f := &Forker{
		requests: make(chan forkRequest),
		closing:  make(chan struct{}),
		closed:   make(chan struct{}),
	}
	go f.run()
	return f
}

// forkWait is how long Close waits for a fork that hangs, as on a file system
// that does not answer.
const forkWait = time.Second

// Close ends the thread and waits for it. On Linux the kernel then kills the
// processes that it started and that still run, so close the plugins first. A
// thread that hangs in a fork is left behind.
func (f *Forker) Close() {
	f.once.Do(func() { close(f.closing) })
	timer := time.NewTimer(forkWait)
	defer timer.Stop()
	select {
	case <-f.closed:
	case <-timer.C:
	}
}

func (f *Forker) run() {
	defer close(f.closed)
	// Never unlocked, so that the thread ends with this goroutine.
	runtime.LockOSThread()
	for {
		select {
		case r := <-f.requests:
			r.result <- r.cmd.Start()
		case <-f.closing:
			return
		}
	}
}

// start starts cmd unless ctx ends or cancel is closed before its turn. A fork
// that has begun is waited for.
func (f *Forker) start(ctx context.Context, cancel <-chan struct{}, cmd *exec.Cmd) error {
	select {
	case <-cancel:
		return context.Canceled
	default:
	}
	result := make(chan error, 1)
	select {
	case f.requests <- forkRequest{cmd, result}:
		return <-result
	case <-cancel:
		return context.Canceled
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-f.closed:
		return errForkerClosed
	}
}
