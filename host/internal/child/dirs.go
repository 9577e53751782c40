// SPDX-License-Identifier: Apache-2.0

package child

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// DirName is what the name of a directory of this process begins with: prefix and
// the process. Containers may share a directory for temporary files, but count
// their processes apart, so that on Linux the name holds their namespace too. It is
// the whole name, or a dot and anything follow.
func DirName(prefix string) string { return dirName(prefix, os.Getpid()) }

func dirName(prefix string, pid int) string { return prefix + strconv.Itoa(pid) + pidNamespace() }

// Sweep calls remove with the path of each directory in parent, made by this user
// under a DirName of prefix, whose process runs no more. A parent that cannot be
// read has none.
func Sweep(parent, prefix string, remove func(path string)) {
	entries, err := os.ReadDir(parent)
	if err != nil {
		return
	}
	namespace := pidNamespace()
	for _, entry := range entries {
		if abandoned(entry, prefix, namespace) {
			remove(filepath.Join(parent, entry.Name()))
		}
	}
}

func abandoned(entry os.DirEntry, prefix, namespace string) bool {
	rest, ok := strings.CutPrefix(entry.Name(), prefix)
	if !ok || !entry.IsDir() {
		return false
	}
	name, _, _ := strings.Cut(rest, ".")
	number, here := strings.CutSuffix(name, namespace)
	pid, err := strconv.Atoi(number)
	if !here || err != nil || pid <= 0 || alive(pid) {
		return false
	}
	info, err := entry.Info()
	return err == nil && OwnedByUs(info)
}
