// SPDX-License-Identifier: Apache-2.0

//go:build unix

package child

import (
	"errors"
	"os"
	"syscall"
)

// alive reports whether there is a process of that id, whoever's it is.
func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

// OwnedByUs reports whether the file belongs to the user that this process runs
// as. It is always true where files have no such owner.
func OwnedByUs(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}
