// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// status is what /proc tells of a process.
type processStatus struct {
	state  string
	parent int
}

// statusOf reads /proc, which only some systems have.
func statusOf(pid int) (processStatus, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return processStatus{}, false
	}
	// The name, in parentheses, may hold anything.
	fields := strings.Fields(string(data[strings.LastIndexByte(string(data), ')')+1:]))
	if len(fields) < 2 {
		return processStatus{}, false
	}
	parent, err := strconv.Atoi(fields[1])
	return processStatus{fields[0], parent}, err == nil
}

func isZombie(pid int) bool {
	s, ok := statusOf(pid)
	return ok && s.state == "Z"
}

// descendants are the processes that one has started, and those that they have.
func descendants(pid int) (list []int, known bool) {
	if _, ok := statusOf(pid); !ok {
		return nil, false
	}
	paths, _ := filepath.Glob("/proc/[0-9]*")
	children := map[int][]int{}
	for _, path := range paths {
		child, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		if s, ok := statusOf(child); ok {
			children[s.parent] = append(children[s.parent], child)
		}
	}
	for next := children[pid]; len(next) > 0; {
		one := next[0]
		next = append(next[1:], children[one]...)
		list = append(list, one)
	}
	return list, true
}

// memoryOf is the resident memory of a process and its descendants, in bytes.
func memoryOf(pid int) (bytes int64, known bool) {
	family, known := descendants(pid)
	if !known {
		return 0, false
	}
	for _, one := range append(family, pid) {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", one))
		if err != nil {
			continue
		}
		if fields := strings.Fields(string(data)); len(fields) > 1 {
			pages, _ := strconv.ParseInt(fields[1], 10, 64)
			bytes += pages * int64(os.Getpagesize())
		}
	}
	return bytes, true
}
