// SPDX-License-Identifier: Apache-2.0

package child

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

func TestSweepFindsWhatDeadProcessesHaveMadeOnly(t *testing.T) {
	dead := exec.Command(os.Args[0], "-test.run=^$")
	if err := dead.Run(); err != nil {
		t.Fatal(err)
	}
	parent, pid := t.TempDir(), dead.Process.Pid
	gone := []string{dirName("x-", pid), dirName("x-", pid) + ".1", dirName("x-", pid) + ".1.data"}
	kept := []string{
		DirName("x-"), DirName("x-") + ".1", // this process runs
		dirName("x-", pid) + "-1",                  // of a container
		dirName("x-", pid) + "x", "x-", "x-y", "x", // nobody's
		dirName("y-", pid), // of other directories
	}
	for _, name := range slices.Concat(gone, kept) {
		if err := os.MkdirAll(filepath.Join(parent, name, "inside"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(parent, dirName("x-", pid)+".file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var found []string
	Sweep(parent, "x-", func(path string) { found = append(found, filepath.Base(path)) })
	slices.Sort(found)
	slices.Sort(gone)
	if !slices.Equal(found, gone) {
		t.Errorf("found %q, want %q", found, gone)
	}
	Sweep(filepath.Join(parent, "nowhere"), "x-", func(path string) { t.Errorf("found %s", path) })
}

func TestEnvironmentHoldsNoMoreThanIsAllowed(t *testing.T) {
	got := Environment([]string{"PATH=/bin", "HOME=/h", "AWS_SECRET_ACCESS_KEY=x", "XDG_DATA_HOME=/d", "TZ=UTC", "TMPDIR=/tmp", "odd"}, "/t", []string{"A=1"})
	want := []string{"PATH=/bin", "HOME=/h", "XDG_DATA_HOME=/d", "TZ=UTC", "TMPDIR=/t", "A=1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
