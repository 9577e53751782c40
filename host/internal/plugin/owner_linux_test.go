// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const nobody = 65534

// listenAs listens on a unix socket as another user, which the kernel remembers.
func listenAs(t *testing.T, uid int) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s")
	made := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err == nil {
			err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
		}
		if err == nil {
			// Of this thread alone, unlike syscall.Setresuid.
			if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), uintptr(uid), ^uintptr(0)); errno != 0 {
				err = errno
			}
		}
		if err == nil {
			err = unix.Listen(fd, 1)
		}
		made <- err
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	return path
}

func TestNobodyElsesProcessIsAttachedTo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	for uid, allowed := range map[int]bool{os.Geteuid(): true, nobody: false} {
		conn, err := net.Dial("unix", listenAs(t, uid))
		if err != nil {
			t.Fatal(err)
		}
		if err := checkOwner(conn); (err == nil) != allowed {
			t.Errorf("user %d: %v", uid, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}

	path := listenAs(t, nobody)
	_, err := Start(t.Context(), Config{Name: "p", Log: logger(t).log, Attach: &Running{Network: "unix", Addr: path, Pid: 1}})
	if err == nil || !strings.Contains(err.Error(), "belongs to user 65534") {
		t.Errorf("got %v", err)
	}
}
