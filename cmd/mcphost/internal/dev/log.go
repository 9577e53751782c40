// SPDX-License-Identifier: Apache-2.0

package dev

import (
	"strings"

	"github.com/hashicorp/go-hclog"
)

// A Log is a logger for a person who reads along: an error does not repeat the
// last words of a plugin, which were shown as they came.
type Log struct{ hclog.Logger }

// Named keeps the loggers of parts from repeating them, too.
func (l Log) Named(name string) hclog.Logger { return Log{l.Logger.Named(name)} }

// With is as Named.
func (l Log) With(args ...any) hclog.Logger { return Log{l.Logger.With(args...)} }

// Warn logs without last words.
func (l Log) Warn(msg string, args ...any) { l.Logger.Warn(msg, brief(args)...) }

// Error logs without last words.
func (l Log) Error(msg string, args ...any) { l.Logger.Error(msg, brief(args)...) }

func brief(args []any) []any {
	short := make([]any, len(args))
	for i, arg := range args {
		short[i] = arg
		if err, ok := arg.(error); ok {
			short[i] = withoutLastWords(err)
		}
	}
	return short
}

// withoutLastWords cuts an error before what a plugin said, which is in lines of
// its own.
func withoutLastWords(err error) string {
	line, more, _ := strings.Cut(err.Error(), "\n")
	if strings.TrimSpace(more) == "" {
		return line
	}
	return strings.TrimSuffix(line, ":") + " are above"
}
