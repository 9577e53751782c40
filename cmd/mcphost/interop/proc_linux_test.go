// SPDX-License-Identifier: Apache-2.0

package interop_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// processes returns the parent of each process that runs. One that has ended
// but is not yet waited for, a zombie, does not.
func processes(t *testing.T) map[int]int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		t.Fatalf("list processes: %v", err)
	}
	parents := make(map[int]int)
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has just ended
		}
		// The form is "pid (name) state parent ...", and a name may hold anything.
		pid, state, parent := 0, "", 0
		end := bytes.LastIndexByte(stat, ')')
		if _, err := fmt.Sscan(string(stat), &pid); err != nil || end < 0 {
			t.Fatalf("%s holds %q", file, stat)
		}
		if _, err := fmt.Sscan(string(stat[end+1:]), &state, &parent); err != nil {
			t.Fatalf("%s holds %q: %v", file, stat, err)
		}
		if state != "Z" && state != "X" {
			parents[pid] = parent
		}
	}
	return parents
}
