// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/mcphost/mcphost/host/internal/child"
)

const (
	maxKept   = 64 << 10               // bytes of what a process prints that are kept
	maxBefore = 100                    // lines before the handshake, likewise
	lingering = 100 * time.Millisecond // for output that a dead process has left in a pipe
)

// kept is the beginning of what a process prints.
type kept struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (k *kept) Write(p []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if room := maxKept - k.data.Len(); room > 0 {
		k.data.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func (k *kept) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.data.String()
}

// A greeting is what a process prints first.
type greeting struct {
	line   string        // the handshake; empty if there is none
	ready  time.Duration // until it was there
	before []string      // what was printed before it
}

// attend reads what the process prints until it is gone, then closes ended. It
// ends by itself, since every process is killed at last.
func (p *process) attend(pipes *child.Pipes, greetings chan<- greeting) {
	var reading sync.WaitGroup
	reading.Go(func() { p.read(pipes.Stdout.Host, greetings) })
	reading.Go(func() { _, _ = io.Copy(&p.stderr, pipes.Stderr.Host) }) // what there is, is kept
	_ = p.cmd.Wait()                                                    // its ProcessState tells
	pipes.Expire(lingering)
	reading.Wait()
	pipes.CloseHost()
	close(p.ended)
}

// read reads standard output to its end and sends one greeting, which its channel
// has room for. What has no newline at its end is no line.
func (p *process) read(out io.Reader, greetings chan<- greeting) {
	var g greeting
	r := bufio.NewReader(io.TeeReader(out, &p.stdout))
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			break
		}
		if line = strings.TrimRight(line, "\r\n"); strings.Count(line, "|") >= 3 && strings.HasPrefix(line, "1|") {
			g.line, g.ready = line, time.Since(p.begun)
			break
		}
		if len(g.before) < maxBefore {
			g.before = append(g.before, line)
		}
	}
	greetings <- g
	_, _ = io.Copy(io.Discard, r) // through the tee
}

// shake waits for the handshake line.
func (p *process) shake(ctx context.Context, greetings <-chan greeting, timeout time.Duration) {
	late := time.NewTimer(timeout)
	defer late.Stop()
	select {
	case p.greeting = <-greetings:
	case <-late.C:
	case <-ctx.Done():
	}
}

// lastWords is the end of what it has said on standard error.
func (p *process) lastWords() string {
	text := strings.TrimSpace(p.stderr.String())
	if text == "" {
		return ""
	}
	lines := strings.Split(text, "\n")
	return ", last words: " + strings.Join(lines[max(0, len(lines)-3):], " / ")
}
