// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/child"
)

const (
	// maxRunDir is how long, in bytes, the directory that holds those of the
	// plugins may be: the path of a unix socket ends at 103 bytes on some
	// systems, and go-plugin needs about 35 of them.
	maxRunDir = 60

	runDirPrefix = "mcphost-"
)

// A runDir is the private directory of one plugin.
type runDir struct {
	path string
	base string // to be removed with the last plugin; empty if it is the caller's
}

// newRunDir makes a directory for one plugin in base, or in one that all
// plugins of this process share.
func newRunDir(base string) (*runDir, error) {
	if base != "" {
		path, err := makePluginDir(base)
		return &runDir{path: path}, err
	}
	var failures []error
	for _, parent := range runParents() {
		base := filepath.Join(parent, child.DirName(runDirPrefix))
		path, err := makePluginDir(base)
		if err == nil {
			return &runDir{path: path, base: base}, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// remove removes the directory, and the shared one if it was the last in it.
func (d *runDir) remove(log hclog.Logger) {
	if err := os.RemoveAll(d.path); err != nil {
		log.Warn("cannot remove a plugin's directory", "dir", d.path, "err", err)
	}
	if d.base != "" {
		_ = os.Remove(d.base) // fails while others are in it
	}
}

// runParents lists where the shared directory may be, best first.
func runParents() []string {
	var parents []string
	for _, dir := range []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"} {
		if filepath.IsAbs(dir) {
			parents = append(parents, dir)
		}
	}
	return parents
}

// makePluginDir makes a directory of a new name in base, and base if need be.
func makePluginDir(base string) (string, error) {
	if len(base) > maxRunDir {
		return "", fmt.Errorf("directory for sockets %q is longer than %d bytes: set a shorter one", base, maxRunDir)
	}
	const attempts = 10
	var path string
	var err error
	// The last plugin to end removes base, perhaps between our two steps.
	for range attempts {
		if err = makePrivate(base); err != nil {
			return "", err
		}
		path, err = os.MkdirTemp(base, "p")
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("make a directory for sockets: %w", err)
	}
	return path, nil
}

// makePrivate makes dir, or checks that it is ours and closed to others: in a
// directory for temporary files anybody could have made it before us.
func makePrivate(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a directory for sockets: %w", err)
	}
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // just removed; the caller tries again
	}
	if err != nil {
		return fmt.Errorf("look at the directory for sockets: %w", err)
	}
	if !info.IsDir() || !child.OwnedByUs(info) || !private(info.Mode()) {
		return fmt.Errorf("directory for sockets %q is not private to this user: remove it, or set another", dir)
	}
	return nil
}

// SweepRunDirs removes the directories of hosts that ended without cleaning up.
// Call it once, before the first plugin starts.
func SweepRunDirs(log hclog.Logger) {
	for _, parent := range runParents() {
		child.Sweep(parent, runDirPrefix, func(path string) { (&runDir{path: path}).remove(log) })
	}
}
