// SPDX-License-Identifier: Apache-2.0

//go:build unix

package dev

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// setGroup gives the command a process group, so that all that it starts can be
// signalled together.
func setGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func interruptGroup(p *os.Process) error {
	err := syscall.Kill(-p.Pid, syscall.SIGINT)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) } // it may have gone
