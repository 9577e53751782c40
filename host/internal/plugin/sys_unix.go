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

// processAlive reports whether there is a process of that id, whoever's it is.
func processAlive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return !errors.Is(err, syscall.ESRCH)
}

// ownedByUs reports whether the file belongs to the user that the host runs as.
func ownedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// private reports whether nobody but the owner can enter.
func private(mode os.FileMode) bool { return mode.Perm()&0o077 == 0 }
