// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package testenv

import (
	"os"

	"golang.org/x/sys/unix"
)

// lock waits until this process alone has the file, and returns what gives it
// back. The tests of several packages run at once.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return func() { _ = file.Close() }, nil // which gives the lock back
}
