// SPDX-License-Identifier: Apache-2.0

package dev

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// defaultPatience is that of a Builder that names none.
const defaultPatience = 5 * time.Second

// A Builder is a command that builds a plugin.
type Builder struct {
	Command  []string
	Dir      string        // where it runs; the current folder if empty
	Out      io.Writer     // takes what the command says
	Patience time.Duration // how long it may take to end when it is interrupted; 5 s if zero
}

// Build runs the command. When ctx ends it interrupts it with all that it has
// started, as a terminal does, and kills what is left after Patience or when the
// command itself has ended.
func (b *Builder) Build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, b.Command[0], b.Command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.Dir, b.Out, b.Out
	cmd.WaitDelay = cmp.Or(b.Patience, defaultPatience)
	setGroup(cmd)
	cmd.Cancel = func() error { return interruptGroup(cmd.Process) }
	err := cmd.Run()
	if ctx.Err() != nil {
		if cmd.Process != nil {
			killGroup(cmd.Process)
		}
		return context.Cause(ctx)
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it left something behind that still writes
	}
	if err != nil {
		return fmt.Errorf("%s: %w", strings.Join(b.Command, " "), err)
	}
	return nil
}
