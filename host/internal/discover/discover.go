// SPDX-License-Identifier: Apache-2.0

// Package discover turns plugin directories and configured plugins into a list
// of commands that could be started, and says of everything else why it was
// left alone. It reads directories and plugin.yaml files. It starts nothing,
// and knows neither what a plugin offers nor how one speaks.
package discover

import (
	"errors"
	"fmt"
)

// A Candidate is a plugin that can be started.
type Candidate struct {
	// Manifest is complete: Name is set, Command and Dir are absolute (Dir may
	// be empty: the plugin needs no particular one).
	Manifest

	// Source is the absolute path of the executable or folder, or empty for a
	// plugin that is a configured command.
	Source string
}

// Skipped is something that is no plugin, or must not be one.
type Skipped struct {
	Name   string // the identity it has or would have; empty if it has none
	Path   string // empty for a configured plugin without a path
	Reason string // what is the matter and, where it helps, what to do
	// Configured is set if the configuration names it and does not disable it:
	// then somebody misses it.
	Configured bool
	// Meant is set for what somebody has put into a plugin directory as a plugin,
	// as far as one can tell: a program, or a folder with a plugin.yaml.
	Meant bool
}

// Scan finds the plugins. First come the configured ones in their order, then
// those of each directory by name; of several with one name the first wins. A
// configured plugin with neither path nor command stands for the one of its
// name in the directories, and what it sets wins over that one's plugin.yaml.
//
// The error is about directories that cannot be used; what was found elsewhere
// is returned with it. Scan keeps no state and may run concurrently.
func Scan(dirs []string, configured []Manifest) ([]Candidate, []Skipped, error) {
	var s scan
	var errs []error
	for _, dir := range dirs {
		if err := s.directory(dir); err != nil {
			errs = append(errs, err)
		}
	}
	found := s.merge(configured)
	return found, s.skipped, errors.Join(errs...)
}

// scan gathers the outcome of one Scan.
type scan struct {
	inDirs  []Candidate // of all directories, in order
	skipped []Skipped
}

func (s *scan) skip(name, path, format string, args ...any) {
	s.skipped = append(s.skipped, Skipped{Name: name, Path: path, Reason: fmt.Sprintf(format, args...)})
}

// merge puts the configured plugins before those of the directories.
func (s *scan) merge(configured []Manifest) []Candidate {
	owners := make(map[string]string, len(configured)+len(s.inDirs)) // by name: who has it
	var found []Candidate
	for _, entry := range configured {
		candidate, reason := s.configured(entry)
		if reason == "" {
			found = append(found, candidate)
		} else {
			s.skip(entry.Name, entry.Path, "%s", reason)
			s.skipped[len(s.skipped)-1].Configured = !entry.disabled()
		}
		owners[entry.Name] = "the configuration"
		if entry.refersToDirectory() {
			owners[entry.Name] = candidate.Source
		}
	}
	for _, candidate := range s.inDirs {
		owner, taken := owners[candidate.Name]
		switch {
		case taken && owner == candidate.Source: // the configured plugin is this one
		case taken:
			s.skip(candidate.Name, candidate.Source, "the name %q is taken by %s; rename one of them", candidate.Name, owner)
			s.skipped[len(s.skipped)-1].Meant = true
		case workingDirFault(candidate.Dir) != "":
			s.skip(candidate.Name, candidate.Source, "%s", workingDirFault(candidate.Dir))
			s.skipped[len(s.skipped)-1].Meant = true
		default:
			owners[candidate.Name] = candidate.Source
			found = append(found, candidate)
		}
	}
	return found
}

// configured makes a candidate of an entry of mcphost.yaml, or says why not.
func (s *scan) configured(entry Manifest) (Candidate, string) {
	base, reason := s.base(entry)
	if entry.disabled() {
		return base, "disabled in the configuration"
	}
	if reason != "" {
		return base, reason
	}
	base.Manifest = Merge(base.Manifest, entry)
	return base, workingDirFault(base.Dir)
}

// base is what a configured plugin builds on: its path, the plugin of its name
// in a directory, or its own command.
func (s *scan) base(entry Manifest) (Candidate, string) {
	if reason := IdentityFault(entry.Name); reason != "" {
		return Candidate{}, reason
	}
	if entry.Path != "" {
		return fromPath(entry.Path, entry.Name)
	}
	if entry.Command != "" {
		command, err := resolveCommand("", entry.Command)
		if err != nil {
			return Candidate{}, err.Error()
		}
		entry.Command = command
		return Candidate{Manifest: entry}, ""
	}
	for _, candidate := range s.inDirs {
		if candidate.Name == entry.Name {
			return candidate, ""
		}
	}
	return Candidate{}, s.absent(entry.Name)
}

// absent says what is the matter with a configured plugin that stands for one
// of the directories, where none of its name can be used.
func (s *scan) absent(name string) string {
	for _, skip := range s.skipped {
		if skip.Name == name {
			return fmt.Sprintf("%s cannot be used: %s", skip.Path, skip.Reason)
		}
	}
	near := didYouMean(name, func(yield func(string) bool) {
		for _, candidate := range s.inDirs {
			if !yield(candidate.Name) {
				return
			}
		}
	})
	return "no plugin directory holds a plugin of this name; give it a path or a command" + near
}
