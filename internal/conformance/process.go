// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"time"
)

const (
	// startTimeout is how long a server may take to say that it listens.
	startTimeout = 30 * time.Second
	// stopGrace is how long it may take to end when asked, before it is killed.
	stopGrace = 15 * time.Second
)

// A process is a server that runs beside the suites. Who started it stops it.
type process struct {
	url  string // what the process said when it was ready
	ask  context.CancelFunc
	over chan struct{} // closed when the process has ended
	err  error         // how it ended; read after over
}

// start runs a program whose output goes to a file, and returns when a line of
// it matches ready.
func start(ctx context.Context, logFile string, ready *regexp.Regexp, args []string) (*process, error) {
	log, err := os.Create(logFile)
	if err != nil {
		return nil, err
	}
	ctx, ask := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopGrace
	said := &lookout{log: log, pattern: ready, found: make(chan string, 1)}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		ask()
		return nil, err
	}
	p := &process{ask: ask, over: make(chan struct{})}
	go func() {
		defer close(p.over)
		defer log.Close()
		if err := cmd.Wait(); !cmd.ProcessState.Success() {
			p.err = err
		}
	}()

	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case p.url = <-said.found:
		return p, nil
	case <-p.over:
		return nil, fmt.Errorf("%s ended before it listened: %v; see %s", args[0], p.err, logFile)
	case <-timeout.C:
		_ = p.stop()
		return nil, fmt.Errorf("%s does not listen after %v; see %s", args[0], startTimeout, logFile)
	}
}

// stop asks the process to end, waits until it has, and says how it did.
func (p *process) stop() error {
	p.ask()
	<-p.over
	return p.err
}

// A lookout passes what is written on to a file until it has found a pattern in
// a line, and after. One goroutine writes.
type lookout struct {
	log     *os.File
	pattern *regexp.Regexp
	found   chan string // gets the first match; has room for it
	line    []byte      // what was written since the last line's end; nil once found
	done    bool
}

func (l *lookout) Write(data []byte) (int, error) {
	for rest := data; !l.done && len(rest) > 0; {
		head, tail, ended := bytes.Cut(rest, []byte("\n"))
		l.line = append(l.line, head...)
		if match := l.pattern.Find(l.line); ended && match != nil {
			l.found <- string(match)
			l.done = true
		}
		if ended {
			l.line = l.line[:0]
		}
		rest = tail
	}
	return l.log.Write(data)
}
