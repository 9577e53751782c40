// SPDX-License-Identifier: Apache-2.0

// Package dev turns changes of a plugin's files into builds and restarts, and
// the requests of its clients into lines that a person reads. It knows files,
// commands and the middleware of package host. It knows nothing of how a plugin
// is started, nor of flags.
package dev

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// quiet is how long nothing must have changed before something is done: an
// editor that saves several files, or a checkout, is one change.
const quiet = 200 * time.Millisecond

// A Loop rebuilds and restarts one plugin while its files change.
type Loop struct {
	Watch *Watcher                         // the caller closes it after Run
	Build func(ctx context.Context) error  // nil: there is nothing to build
	Start func(ctx context.Context) error  // starts the plugin anew; on error the old one still runs
	Say   func(format string, args ...any) // tells a person

	started bool // once, so that something may run whatever fails then
}

// Run builds and starts the plugin, then again after each change, until ctx
// ends. What fails is said, and the next change tries again; the error says that
// nothing can be watched any more.
func (l *Loop) Run(ctx context.Context) error {
	l.turn(ctx)
	for {
		changed, err := l.Watch.next(ctx, quiet)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		l.Say("changed: %s", oneLine(shortList(changed)))
		if i := indexManifest(changed); i >= 0 {
			l.Say("%s is read when this command starts: end it and start it again", changed[i])
		}
		l.turn(ctx)
	}
}

// turn builds the plugin and starts it anew.
func (l *Loop) turn(ctx context.Context) {
	begun := time.Now()
	if l.Build != nil {
		if err := l.Build(ctx); err != nil {
			l.fail(ctx, "build failed", err)
			return
		}
	}
	built := time.Now()
	if err := l.Start(ctx); err != nil {
		l.fail(ctx, "not started", err)
		return
	}
	l.started = true
	l.Say("ready (build %s, start %s)", rounded(built.Sub(begun)), rounded(time.Since(built)))
}

// fail says what went wrong, unless it is the end, and what that leaves.
func (l *Loop) fail(ctx context.Context, what string, err error) {
	left := "it is tried again when a file changes"
	if l.started {
		left = "what ran before still does"
	}
	if ctx.Err() == nil {
		l.Say("%s: %s; %s", what, withoutLastWords(err), left)
	}
}

func rounded(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(time.Millisecond)
	}
	return d.Round(100 * time.Millisecond)
}

func indexManifest(paths []string) int {
	for i, path := range paths {
		if filepath.Base(path) == "plugin.yaml" {
			return i
		}
	}
	return -1
}

// shortList names the first few of many.
func shortList(paths []string) string {
	const few = 3
	if len(paths) <= few {
		return strings.Join(paths, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(paths[:few], ", "), len(paths)-few)
}
