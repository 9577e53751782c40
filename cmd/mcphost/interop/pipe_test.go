// SPDX-License-Identifier: Apache-2.0

//go:build unix

package interop_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os/exec"
	"strconv"
	"testing"

	"github.com/mcphost/mcphost/internal/schematest"
)

// A pipe is a host at the other end of two pipes.
type pipe struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	seen []frame // all that came out

	wire *schematest.Conversation // what is said is what MCP's schemas have
}

// open starts a host for the farm. The test fails if it hangs; what still runs
// at its end is killed.
func (f farm) open(t *testing.T) *pipe {
	t.Helper()
	p := &pipe{
		t:    t,
		cmd:  serveCommand(bounded(t), t, f.config, "--log-level", "warn"),
		wire: schematest.New(t).Conversation(),
	}
	var err error
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait() // one of them fails if the test has ended the host
	})
	return p
}

func (p *pipe) send(message string) {
	p.t.Helper()
	p.wire.Client([]byte(message))
	if _, err := io.WriteString(p.in, message+"\n"); err != nil {
		p.t.Fatalf("send to the host: %v", err)
	}
}

// next returns the next message, or io.EOF.
func (p *pipe) next() (frame, error) {
	p.t.Helper()
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return frame{}, err
	}
	p.wire.Server(line)
	f := parseLines(p.t, line)[0]
	p.seen = append(p.seen, f)
	return f, nil
}

// await returns the next message that is right.
func (p *pipe) await(right func(frame) bool) frame {
	p.t.Helper()
	for {
		f, err := p.next()
		if err != nil {
			p.t.Fatalf("the host's output ended: %v; it had said %+v", err, p.seen)
		}
		if right(f) {
			return f
		}
	}
}

// answer returns the answer to a request, which must be a result.
func (p *pipe) answer(id int) frame {
	p.t.Helper()
	f := p.await(func(f frame) bool { return f.Method == "" && string(f.ID) == strconv.Itoa(id) })
	if f.Error != nil {
		p.t.Fatalf("request %d got the error %d, %s", id, f.Error.Code, f.Error.Message)
	}
	return f
}

// ask sends a request and returns its answer.
func (p *pipe) ask(id int, message string) frame {
	p.t.Helper()
	p.send(message)
	return p.answer(id)
}

// handshake opens a conversation in the older form, with request 1.
func (p *pipe) handshake() {
	p.t.Helper()
	p.ask(1, initialize)
	p.send(initialized)
}

// finish ends the input and returns the answers to one request among all that
// the host has said until it ended, which must be well.
func (p *pipe) finish(id int) []frame {
	p.t.Helper()
	if err := p.in.Close(); err != nil {
		p.t.Fatal(err)
	}
	for {
		if _, err := p.next(); err == io.EOF {
			break
		} else if err != nil {
			p.t.Fatal(err)
		}
	}
	if err := p.cmd.Wait(); err != nil {
		p.t.Errorf("mcphost serve ended with %v, want exit code 0", err)
	}
	var answers []frame
	for _, f := range p.seen {
		if f.Method == "" && string(f.ID) == strconv.Itoa(id) {
			answers = append(answers, f)
		}
	}
	return answers
}

// tools returns how many tools a list holds.
func tools(t *testing.T, list frame) int {
	t.Helper()
	var result struct {
		Tools []json.RawMessage `json:"tools"`
	}
	if err := json.Unmarshal(list.Result, &result); err != nil {
		t.Fatalf("tools/list answered %s: %v", list.Result, err)
	}
	return len(result.Tools)
}
