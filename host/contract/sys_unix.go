// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package contract

import (
	"errors"
	"os/exec"
	"syscall"
)

// setGroup gives the process a group of its own, as the host does.
func setGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // it may have gone

func terminate(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) } // likewise

func interrupt(cmd *exec.Cmd) bool { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) == nil }

// stillAlive are those of the processes that have not ended.
func stillAlive(pids []int) []int {
	var left []int
	for _, pid := range pids {
		if !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) && !isZombie(pid) {
			left = append(left, pid)
		}
	}
	return left
}
