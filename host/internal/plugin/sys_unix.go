// SPDX-License-Identifier: Apache-2.0

//go:build unix

package plugin

import (
	"errors"
	"os"
	"syscall"
)

type signal = syscall.Signal

const (
	sigTerm = syscall.SIGTERM
	sigKill = syscall.SIGKILL
)

// signalGroup signals all processes of the group that the child leads.
func signalGroup(p *os.Process, sig signal) error {
	err := syscall.Kill(-p.Pid, sig)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// private reports whether nobody but the owner can enter.
func private(mode os.FileMode) bool { return mode.Perm()&0o077 == 0 }
