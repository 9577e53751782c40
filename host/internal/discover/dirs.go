// SPDX-License-Identifier: Apache-2.0

package discover

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mcphost/mcphost/internal/shell"
)

// CheckDir says why a plugin directory cannot be used, and what to do. Whoever
// may write into it decides what the host runs.
func CheckDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("plugin directory %s: does not exist; create it with: mkdir -p %s", dir, shell.Word(dir))
	case err != nil:
		return fmt.Errorf("plugin directory %s: %w", dir, withoutPath(err))
	case !info.IsDir():
		return fmt.Errorf("plugin directory %s: is not a directory; name the one that holds the plugins", dir)
	case worldWritable(info):
		return fmt.Errorf("plugin directory %s: everyone may write into it; fix it with: chmod o-w %s", dir, shell.Word(dir))
	}
	return nil
}

// directory adds the plugins of dir, in the order of their names.
func (s *scan) directory(dir string) error {
	if err := CheckDir(dir); err != nil {
		return err
	}
	root, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("plugin directory %s: %w", dir, err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		return fmt.Errorf("plugin directory %s: %w", dir, withoutPath(err))
	}
	for _, entry := range entries {
		path := filepath.Join(root, entry.Name())
		candidate, reason := fromEntry(root, path)
		if reason != "" {
			s.skip(wouldBe(path), path, "%s", reason)
			s.skipped[len(s.skipped)-1].Meant = meant(path)
			continue
		}
		s.inDirs = append(s.inDirs, candidate)
	}
	return nil
}

// meant reports whether a skipped entry looks like a plugin all the same.
func meant(path string) bool {
	base := filepath.Base(path)
	if strings.HasPrefix(base, ".") || unfinished(base) {
		return false
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return false
	case info.IsDir():
		_, err := os.Stat(filepath.Join(path, ManifestFile))
		return err == nil
	}
	return info.Mode().IsRegular() && info.Size() > 0 && runnable(path)
}

// wouldBe returns the identity that a skipped entry would have, if any.
func wouldBe(path string) string {
	if name := IdentityOf(path); IdentityFault(name) == "" {
		return name
	}
	return ""
}

// fromEntry judges one entry of a plugin directory.
func fromEntry(root, path string) (Candidate, string) {
	base := filepath.Base(path)
	switch {
	case strings.HasPrefix(base, "."):
		return Candidate{}, "hidden: its name begins with a dot"
	case unfinished(base):
		return Candidate{}, "still being written: its name says that it is temporary"
	case leaves(root, path):
		return Candidate{}, "a symbolic link that leads out of the plugin directory, or nowhere; put the file itself there"
	}
	return fromPath(path, "")
}

// fromPath makes a candidate of an executable or a folder. Without a name it
// gets the one of the file.
func fromPath(path, name string) (Candidate, string) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Candidate{}, err.Error()
	}
	info, err := os.Stat(path)
	if err != nil {
		return Candidate{}, withoutPath(err).Error()
	}
	if info.IsDir() {
		return fromFolder(path, info, or(name, filepath.Base(path)))
	}
	return fromFile(path, info, or(name, IdentityOf(path)))
}

func fromFile(path string, info fs.FileInfo, name string) (Candidate, string) {
	if reason := fileFault(path, info); reason != "" {
		return Candidate{}, reason
	}
	if fault := IdentityFault(name); fault != "" {
		return Candidate{}, fault
	}
	return Candidate{Manifest: Manifest{Name: name, Command: path}, Source: path}, ""
}

// fileFault says why a file must not be run.
func fileFault(path string, info fs.FileInfo) string {
	switch {
	case !info.Mode().IsRegular():
		return "not a regular file"
	case info.Size() == 0:
		return "empty: perhaps it is still being written"
	case !executable(info):
		return notExecutable(path)
	case worldWritable(info):
		return "everyone may write to it; fix it with: chmod o-w " + shell.Word(path)
	case !runnable(path):
		return "is no program: it begins neither as an executable nor as a script does, with #!"
	}
	return ""
}

func fromFolder(path string, info fs.FileInfo, name string) (Candidate, string) {
	file := filepath.Join(path, ManifestFile)
	manifest, err := os.Stat(file)
	switch {
	case err != nil && errors.Is(err, fs.ErrNotExist):
		return Candidate{}, "a folder without a " + ManifestFile
	case err != nil:
		return Candidate{}, ManifestFile + ": " + withoutPath(err).Error()
	case !manifest.Mode().IsRegular(): // to open a pipe would wait for who writes
		return Candidate{}, ManifestFile + " is not a regular file"
	case worldWritable(info):
		return Candidate{}, "everyone may write into the folder; fix it with: chmod o-w " + shell.Word(path)
	case worldWritable(manifest):
		return Candidate{}, "everyone may write to its " + ManifestFile + "; fix it with: chmod o-w " + shell.Word(file)
	case leaves(path, file):
		return Candidate{}, ManifestFile + " is a symbolic link that leads out of the folder"
	}
	if fault := IdentityFault(name); fault != "" {
		return Candidate{}, fault
	}
	m, err := readManifest(path)
	m.Name = name
	if err != nil {
		return Candidate{}, err.Error()
	}
	return Candidate{Manifest: m, Source: path}, ""
}

// workingDirFault says why nothing can run in dir. The system's own error would
// blame the command.
func workingDirFault(dir string) string {
	if dir == "" {
		return ""
	}
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fmt.Sprintf("its working directory %s cannot be used: %v", dir, withoutPath(err))
	case !info.IsDir():
		return fmt.Sprintf("its working directory %s is not a directory", dir)
	}
	return ""
}

// Exposed says which file of the plugin everyone may write to, "" if none. It was
// none when the plugin was found, but plugins are started again much later.
func (c *Candidate) Exposed() string {
	if c.Source == "" {
		return ""
	}
	paths := []string{c.Source, filepath.Join(c.Source, ManifestFile)}
	if strings.HasPrefix(c.Command, c.Source) {
		paths = append(paths, c.Command)
	}
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && worldWritable(info) {
			return fmt.Sprintf("everyone may write to %s; fix it with: chmod o-w %s", path, shell.Word(path))
		}
	}
	return ""
}

// leaves reports whether path, with all links followed, is outside of root.
func leaves(root, path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return true
	}
	realRoot, err := filepath.EvalSymlinks(root)
	if err != nil {
		return true
	}
	rel, err := filepath.Rel(realRoot, real)
	return err != nil || !filepath.IsLocal(rel)
}

// resolveCommand returns the absolute path of a command: relative to folder if
// it holds a slash, else from PATH.
func resolveCommand(folder, command string) (string, error) {
	if !strings.ContainsRune(command, '/') && !filepath.IsAbs(command) {
		found, err := exec.LookPath(command)
		if err != nil {
			return "", fmt.Errorf("command %q is not in PATH; install it, or write ./%s for a file of the folder", command, command)
		}
		return filepath.Abs(found)
	}
	path, err := filepath.Abs(Resolve(folder, command))
	if err != nil {
		return "", fmt.Errorf("command %q: %w", command, err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("command %q: %w", command, withoutPath(err))
	}
	if fault := fileFault(path, info); fault != "" {
		return "", fmt.Errorf("command %q: %s", command, fault)
	}
	return path, nil
}

// withoutPath strips the operation and the path, which the reader knows.
func withoutPath(err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		return where.Err
	}
	return err
}
