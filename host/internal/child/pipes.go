// SPDX-License-Identifier: Apache-2.0

package child

import (
	"os"
	"time"
)

// A Pipe has one end in the child and one here.
type Pipe struct{ Child, Host *os.File }

// Pipes are the three streams of a child.
type Pipes struct{ Stdin, Stdout, Stderr Pipe }

// NewPipes makes the streams of one child, with all their ends open.
func NewPipes() (*Pipes, error) {
	var p Pipes
	var err error
	if p.Stdin.Child, p.Stdin.Host, err = os.Pipe(); err == nil {
		p.Stdout.Host, p.Stdout.Child, err = os.Pipe()
	}
	if err == nil {
		p.Stderr.Host, p.Stderr.Child, err = os.Pipe()
	}
	if err != nil {
		p.CloseChild()
		p.CloseHost()
		return nil, err
	}
	return &p, nil
}

// CloseChild closes the child's ends, which the child has by then. Closing a
// pipe that was not made, or twice, is harmless.
func (p *Pipes) CloseChild() {
	for _, end := range []*os.File{p.Stdin.Child, p.Stdout.Child, p.Stderr.Child} {
		_ = end.Close()
	}
}

// CloseHost closes the ends that are here, likewise.
func (p *Pipes) CloseHost() {
	for _, end := range []*os.File{p.Stdin.Host, p.Stdout.Host, p.Stderr.Host} {
		_ = end.Close()
	}
}

// Expire ends the reading of both outputs after a while, also when a child of
// the child still holds them open.
func (p *Pipes) Expire(after time.Duration) {
	for _, end := range []*os.File{p.Stdout.Host, p.Stderr.Host} {
		if err := end.SetReadDeadline(time.Now().Add(after)); err != nil {
			_ = end.Close() // pipes without deadlines, as on Windows
		}
	}
}
