// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"os"
	"time"
)

// A pipe has one end in the child and one in the host.
type pipe struct{ child, host *os.File }

// pipes are the three streams of a child.
type pipes struct{ stdin, stdout, stderr pipe }

func newPipes() (*pipes, error) {
	var p pipes
	var err error
	if p.stdin.child, p.stdin.host, err = os.Pipe(); err != nil {
		return nil, err
	}
	if p.stdout.host, p.stdout.child, err = os.Pipe(); err == nil {
		p.stderr.host, p.stderr.child, err = os.Pipe()
	}
	if err != nil {
		p.closeChild()
		p.closeHost()
		return nil, err
	}
	return &p, nil
}

// closeChild closes the child's ends, which the child has by then. Closing a
// pipe that was not made, or twice, is harmless.
func (p *pipes) closeChild() {
	for _, end := range []*os.File{p.stdin.child, p.stdout.child, p.stderr.child} {
		_ = end.Close()
	}
}

func (p *pipes) closeHost() {
	for _, end := range []*os.File{p.stdin.host, p.stdout.host, p.stderr.host} {
		_ = end.Close()
	}
}

// expire ends the reading of both outputs after a while, also when somebody
// still holds them open.
func (p *pipes) expire(after time.Duration) {
	for _, end := range []*os.File{p.stdout.host, p.stderr.host} {
		if err := end.SetReadDeadline(time.Now().Add(after)); err != nil {
			_ = end.Close() // pipes without deadlines, as on Windows
		}
	}
}
