// SPDX-License-Identifier: Apache-2.0

package dev

import (
	"os"
	"os/exec"
)

func setGroup(*exec.Cmd) {}

// interruptGroup kills: there is no signal that a command could act on.
func interruptGroup(p *os.Process) error { return p.Kill() }

func killGroup(p *os.Process) { _ = p.Kill() } // it may have gone
