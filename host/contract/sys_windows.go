// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"os/exec"
)

func setGroup(*exec.Cmd) {}

func killGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() } // it may have gone

func terminate(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func interrupt(*exec.Cmd) bool { return false }

func stillAlive([]int) []int { return nil }
