// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package plugin

import "syscall"

// childAttributes put the child at the head of a group of its own. Here nothing
// kills it with the host: it sees its stdin end.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
