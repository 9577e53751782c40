// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// limitFiles lets no file grow beyond size bytes for the time of do. A write
// that would goes through up to there, as on a disk that fills up.
func limitFiles(t *testing.T, size uint64, do func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ) // which would end the process
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
			t.Error(err)
		}
	}()
	do()
}

// What was written before the failure stays, since what others have appended
// meanwhile is behind it.
func TestAppendThatFailsCutsNothingOff(t *testing.T) {
	tr, dir := planted(t, map[string]string{"log": "old\n"})
	var err error
	limitFiles(t, 10, func() {
		_, err = tr.Write(t.Context(), WriteRequest{Path: "log", Content: strings.Repeat("x", 2000), Mode: ModeAppend})
	})
	wantRefusal(t, err, "log", "6 of 2,000 bytes were written to its end: file too large")
	if got := contentOf(t, dir, "log"); got != "old\nxxxxxx" {
		t.Errorf("the file has %q", got)
	}
	limitFiles(t, 10, func() {
		_, err = tr.Write(t.Context(), WriteRequest{Path: "log", Content: "x", Mode: ModeAppend})
	})
	wantRefusal(t, err, "log", "file too large")
	if got := contentOf(t, dir, "log"); got != "old\nxxxxxx" {
		t.Errorf("the file has %q", got)
	}
}

func TestAppendTellsTheSizeWithWhatOthersAppended(t *testing.T) {
	tr, dir := planted(t, map[string]string{"log": "old"})
	at, err := tr.resolveInside("log")
	if err != nil {
		t.Fatal(err)
	}
	seen, err := at.writable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "log"), []byte("old, other"), 0o666); err != nil {
		t.Fatal(err)
	}
	if size, err := at.append([]byte(", ours"), seen); err != nil || size != int64(len("old, other, ours")) {
		t.Errorf("got %d, %v", size, err)
	}
}
