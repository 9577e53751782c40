// SPDX-License-Identifier: Apache-2.0

//go:build unix

package contract

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// entries are the names in a directory.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}

func TestWhatKilledRunsHaveLeftIsRemoved(t *testing.T) {
	gone := exec.Command("sh", "-c", "exit 0")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/tmp", "swept-") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	ours, err := makeDir()
	if err != nil {
		t.Fatal(err)
	}
	left := strings.Replace(ours, strconv.Itoa(os.Getpid()), strconv.Itoa(gone.Process.Pid), 1)
	for _, path := range []string{left, left + ".data"} {
		if err := os.MkdirAll(filepath.Join(path, "inside"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if report := judge(t, "none", "^describe/name$"); report.Count(Pass) != 1 {
		t.Errorf("got %+v", report.Results)
	}
	ofRuns := slices.DeleteFunc(entries(t, dir), func(name string) bool { return !strings.HasPrefix(name, dirPrefix) })
	if !slices.Equal(ofRuns, []string{filepath.Base(ours)}) {
		t.Errorf("left are %q", ofRuns)
	}
}
