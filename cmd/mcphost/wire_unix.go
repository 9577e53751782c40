// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package main

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// takeWire moves standard input and output to private descriptors, which no
// plugin inherits. What is left at their old places is the null device and
// standard error, so that no stray read or print can touch the protocol.
func takeWire() (io.Reader, io.Writer, error) {
	in, err := private(os.Stdin, "input")
	if err != nil {
		return nil, nil, err
	}
	out, err := private(os.Stdout, "output")
	if err != nil {
		return nil, nil, err
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	defer null.Close() // only its copy stays
	if err := unix.Dup2(int(null.Fd()), int(os.Stdin.Fd())); err != nil {
		return nil, nil, fmt.Errorf("replace standard input: %w", err)
	}
	if err := unix.Dup2(int(os.Stderr.Fd()), int(os.Stdout.Fd())); err != nil {
		return nil, nil, fmt.Errorf("replace standard output: %w", err)
	}
	return in, out, nil
}

func private(file *os.File, name string) (*os.File, error) {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("take standard %s: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
