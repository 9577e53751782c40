// SPDX-License-Identifier: Apache-2.0

//go:build unix

package dev

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestBuildThatIsStoppedLeavesNoProcess(t *testing.T) {
	for name, script := range map[string]string{
		"that ends":         "echo ready; sleep 77; true",
		"that does not":     "trap '' INT; echo ready; sleep 77; true",
		"in the background": "echo ready; (trap '' INT; sleep 77) & wait",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Every process of the build holds the other end.
			held, out, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer held.Close()
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			built := make(chan error, 1)
			b := Builder{Command: []string{"sh", "-c", script}, Out: out, Patience: 100 * time.Millisecond}
			go func() {
				err := b.Build(ctx)
				_ = out.Close()
				built <- err
			}()
			if _, err := io.ReadFull(held, make([]byte, len("ready\n"))); err != nil {
				t.Fatal(err)
			}
			stop()
			if err := <-built; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if _, err := io.ReadAll(held); err != nil { // up to the end of the last process
				t.Error(err)
			}
		})
	}
}

func TestBuildSaysWhichCommandFailed(t *testing.T) {
	var out bytes.Buffer
	b := Builder{Command: []string{"sh", "-c", "echo no; exit 3"}, Dir: t.TempDir(), Out: &out}
	if err := b.Build(t.Context()); err == nil || !strings.Contains(err.Error(), "exit 3: exit status 3") || out.String() != "no\n" {
		t.Errorf("got %v and %q", err, &out)
	}
}
