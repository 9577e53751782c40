// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package interop_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// processes returns the parent of each process that runs. One that has ended
// but is not yet waited for, a zombie, does not.
func processes(t *testing.T) map[int]int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-A", "-o", "pid=,ppid=,state=").Output()
	if err != nil {
		t.Fatalf("list processes: %v", err)
	}
	parents := make(map[int]int)
	for line := range strings.Lines(string(out)) {
		var pid, parent int
		var state string
		if _, err := fmt.Sscan(line, &pid, &parent, &state); err != nil {
			t.Fatalf("ps printed %q: %v", line, err)
		}
		if !strings.HasPrefix(state, "Z") {
			parents[pid] = parent
		}
	}
	return parents
}
