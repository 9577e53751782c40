// SPDX-License-Identifier: Apache-2.0

//go:build unix

package host

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// unreadInterval is how often unread looks.
const unreadInterval = 250 * time.Millisecond

// unread waits until nobody can read any more what is written to w, a pipe or a
// socket, and reports whether that is so; at the end of ctx it is not. The
// system tells a writer only when it is asked.
func unread(ctx context.Context, w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	ticker := time.NewTicker(unreadInterval)
	defer ticker.Stop()
	for {
		if readerGone(file) {
			return true
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return false
		}
	}
}

// readerGone reports whether the other end of file is closed.
func readerGone(file *os.File) (gone bool) {
	raw, err := file.SyscallConn()
	if err != nil {
		return false
	}
	err = raw.Control(func(fd uintptr) {
		// Some systems say nothing at all of what nothing is asked about.
		polled := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		_, err := unix.Poll(polled, 0)
		gone = !errors.Is(err, unix.EINTR) && polled[0].Revents&(unix.POLLERR|unix.POLLHUP) != 0
	})
	return gone && err == nil
}
