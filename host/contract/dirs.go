// SPDX-License-Identifier: Apache-2.0

package contract

import (
	"os"
	"path/filepath"

	"github.com/mcphost/mcphost/host/internal/child"
)

const (
	dirPrefix = "mcphost-test-"

	// maxDir is how long, in bytes, a directory for a socket may be: the path of
	// one ends at 103 bytes on some systems, and plugins need some of them.
	maxDir = 65
)

// makeDir makes the directory of one process of the plugin.
func makeDir() (string, error) { return os.MkdirTemp(dirParents()[0], child.DirName(dirPrefix)+".") }

// dirParents lists where such directories may be, the best first.
func dirParents() []string {
	const random = "1234567890" // as much as MkdirTemp adds
	name, short := child.DirName(dirPrefix)+"."+random, "/tmp"
	if info, err := os.Stat(short); len(filepath.Join(os.TempDir(), name)) > maxDir && err == nil && info.IsDir() {
		return []string{short, os.TempDir()}
	}
	return []string{os.TempDir()}
}

// sweep removes the directories of runs that were killed before they could.
func sweep() {
	for _, parent := range dirParents() {
		child.Sweep(parent, dirPrefix, func(path string) {
			_ = os.RemoveAll(path) // the next run tries again
		})
	}
}
