// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tree

import (
	"io/fs"
	"os"
	"syscall"
)

// openNonblock keeps an open of a FIFO from waiting. Regular files ignore it.
const openNonblock = syscall.O_NONBLOCK

// keepOwner gives file the owner of old, as far as the system permits. Without
// the permission the writer owns what it wrote, as with any editor.
func keepOwner(file *os.File, old fs.FileInfo) {
	if stat, ok := old.Sys().(*syscall.Stat_t); ok {
		_ = file.Chown(int(stat.Uid), int(stat.Gid))
	}
}
