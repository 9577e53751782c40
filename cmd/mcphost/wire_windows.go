// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
)

// takeWire takes standard input and output for the protocol. What this program
// prints by mistake goes to standard error; handles are not moved, since plugins
// inherit none.
func takeWire() (io.Reader, io.Writer, error) {
	in, out := os.Stdin, os.Stdout
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, nil, err
	}
	os.Stdin, os.Stdout = null, os.Stderr
	return in, out, nil
}
