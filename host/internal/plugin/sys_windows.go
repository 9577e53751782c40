// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"os"
	"syscall"
)

type signal string

const (
	sigTerm signal = "terminate"
	sigKill signal = "kill"
)

// What is missing here: plugins listen on TCP, which is refused for want of
// TLS, and without a job object their children outlive them.

func childAttributes() *syscall.SysProcAttr { return nil }

// signalGroup knows only one way to end a process, so a request to terminate
// is left to the kill that follows it.
func signalGroup(p *os.Process, sig signal) error {
	if sig == sigTerm {
		return nil
	}
	return p.Kill()
}

func private(os.FileMode) bool { return true } // modes mean nothing here
