// SPDX-License-Identifier: Apache-2.0

//go:build unix

package tree

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// Were one of these opened, the test would hang or read for ever.
func TestOnlyRegularFilesAreOpened(t *testing.T) {
	tr, dir := planted(t, map[string]string{"link": "-> fifo"})
	if err := syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir) // the path of a socket must be short
	socket, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	paths := map[string]string{"fifo": "is a fifo", "link": "is a fifo", "socket": "is a socket"}
	if err := syscall.Mknod(filepath.Join(dir, "zero"), syscall.S_IFCHR|0o666, 1<<8|5); err == nil {
		paths["zero"] = "is a device"
	}
	for path, reason := range paths {
		_, err := tr.Read(t.Context(), ReadRequest{Path: path})
		wantRefusal(t, err, path, reason)
		_, err = tr.Search(t.Context(), SearchRequest{Path: path, Pattern: "x"}, func(int) {})
		wantRefusal(t, err, path, reason)
		for _, mode := range []string{ModeCreate, ModeOverwrite, ModeAppend} {
			if _, err := tr.Write(t.Context(), WriteRequest{Path: path, Mode: mode}); err == nil {
				t.Errorf("%s %s was not refused", mode, path)
			}
		}
		if _, err := tr.Edit(t.Context(), EditRequest{Path: path, Edits: []Replacement{{Old: "a"}}}); err == nil {
			t.Errorf("edit %s was not refused", path)
		}
	}
	if got, err := tr.Search(t.Context(), SearchRequest{Pattern: "x"}, func(int) {}); err != nil || got.Searched != 0 {
		t.Errorf("a walk opened one: %+v, %v", got, err)
	}
	if list, err := tr.List(t.Context(), ListRequest{}); err != nil || len(list.Entries) != len(paths) {
		t.Errorf("list: %+v, %v", list, err)
	}
}

func TestDeviceBehindALinkIsNotReached(t *testing.T) {
	tr, _ := planted(t, map[string]string{"zero": "-> /dev/zero", "fd": "-> /proc/self/fd"})
	for _, path := range []string{"zero", "fd/0"} {
		_, err := tr.Read(t.Context(), ReadRequest{Path: path})
		wantRefusal(t, err, path, "symbolic link with an absolute target")
	}
}

// While another process swaps a directory for a link that leads outside, no
// call sees or changes what is there.
func TestSwappedLinkNeverLeadsOutside(t *testing.T) {
	dir := plant(t, map[string]string{"in/real/file": "inside", "outside/file": "secret", "in/link": "-> ../outside"})
	in := filepath.Join(dir, "in")
	tr := openTree(t, Options{Roots: []string{in}, Writable: true})
	stop := make(chan struct{})
	var swapper sync.WaitGroup
	swapper.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			for _, step := range [][2]string{{"real", "away"}, {"link", "real"}, {"real", "link"}, {"away", "real"}} {
				if err := os.Rename(filepath.Join(in, step[0]), filepath.Join(in, step[1])); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	for range 300 {
		if got, err := tr.Read(t.Context(), ReadRequest{Path: "real/file"}); err == nil && got.Text != "inside" {
			t.Errorf("read %q from outside", got.Text)
		}
		if found, err := tr.Search(t.Context(), SearchRequest{Pattern: "secret"}, func(int) {}); err == nil && len(found.Matches) > 0 {
			t.Errorf("found %+v outside", found.Matches)
		}
		// Refusals are expected: half of the time nothing is at the path.
		_, _ = tr.Write(t.Context(), WriteRequest{Path: "real/file", Content: "inside", Mode: ModeOverwrite})
		_, _ = tr.Write(t.Context(), WriteRequest{Path: "real/new", Mode: ModeCreate})
	}
	close(stop)
	swapper.Wait()
	if got, err := tr.Read(t.Context(), ReadRequest{Path: "real/file"}); err != nil || got.Text != "inside" {
		t.Errorf("after the attack: %+v, %v", got, err)
	}
	if got := contentOf(t, dir, "outside/file"); got != "secret" {
		t.Errorf("the file outside was changed to %q", got)
	}
	if entries, err := os.ReadDir(filepath.Join(dir, "outside")); err != nil || len(entries) != 1 {
		t.Errorf("outside has %v, %v", entries, err)
	}
}
