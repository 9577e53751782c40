// SPDX-License-Identifier: Apache-2.0

package plugin

import (
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/hashicorp/go-hclog"

	"github.com/mcphost/mcphost/host/internal/rawjson"
)

const (
	tailSize  = 64 << 10 // bytes of stderr kept for error texts
	tailShown = 2 << 10  // bytes of it that an error text shows
	maxFields = 32       // fields of one log line that are passed on

	lineRate  = 100  // lines a second that a plugin may log
	lineBurst = 1000 // lines that it may log at once
)

// A stderrLog passes what a plugin writes to its standard error on to the log,
// and keeps the end of it.
type stderrLog struct {
	log   hclog.Logger
	limit *lineLimit

	// panicking is set from the first line of a Go panic on: the stack follows.
	// Touched by read only.
	panicking bool

	mu   sync.Mutex
	tail []byte // whole lines
}

func newStderrLog(log hclog.Logger) *stderrLog {
	return &stderrLog{log: log, limit: newLineLimit()}
}

// read reads until the pipe ends.
func (s *stderrLog) read(r io.Reader) { readLines(r, s.line) }

func (s *stderrLog) line(line string) {
	s.keep(line)
	if !s.limit.allow(s.log) {
		return
	}
	if level, text, fields, ok := parseLogLine(line); ok {
		// What follows the first line, such as a stack, becomes a field: the log
		// indents those, so that no plugin can write lines in the host's name.
		text, rest, _ := strings.Cut(text, "\n")
		if rest != "" {
			fields = append(fields, "detail", cleanBlock(rest))
		}
		s.log.Log(level, clean(text), fields...)
		return
	}
	level, prefixed := plainLevel(line)
	switch {
	case strings.HasPrefix(line, "panic: "), strings.HasPrefix(line, "fatal error: "):
		s.panicking = true
		level = hclog.Error
	case s.panicking && !prefixed:
		level = hclog.Error
	}
	s.log.Log(level, clean(line), "stream", "stderr")
}

// keep appends the line to the tail, and drops the oldest half when it is full.
func (s *stderrLog) keep(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tail)+len(line)+1 > tailSize {
		s.tail = append(s.tail[:0], s.tail[len(s.tail)/2:]...)
	}
	s.tail = append(append(s.tail, line...), '\n')
}

// lastWords returns the line that most likely says why the process ended: the
// last one that names an error, or else the last. Many runtimes print a stack
// after the cause.
func (s *stderrLog) lastWords() string {
	lines := strings.Split(s.end(), "\n")
	for _, line := range slices.Backward(lines) {
		if cause.MatchString(line) {
			return strings.TrimSpace(line)
		}
	}
	return strings.TrimSpace(lines[len(lines)-1])
}

// cause matches the line in which Go, Python, Node, Rust, Java and many programs
// name what ended them.
var cause = regexp.MustCompile(`^\s*(panic: |fatal error: |thread '.*' .*panicked at |Exception in thread |([\w.]+\.)?\w*(Error|Exception)\b.*: |(error|fatal): )`)

// end returns the last lines, bounded for an error text.
func (s *stderrLog) end() string {
	s.mu.Lock()
	tail := string(s.tail[max(0, len(s.tail)-tailShown):])
	s.mu.Unlock()
	return cleanBlock(strings.TrimSpace(tail))
}

// parseLogLine reads one JSON object as hclog writes it. Others write JSON too:
// what has no message is not ok, and no field needs to be of the usual type.
func parseLogLine(line string) (level hclog.Level, text string, fields []any, ok bool) {
	if !strings.HasPrefix(line, "{") {
		return 0, "", nil, false
	}
	level = hclog.Info
	err := rawjson.ParseObject([]byte(line), func(key, value []byte) error {
		switch string(key) {
		case "@message", "msg", "message":
			text, ok = jsonText(value), true
		case "@level", "level":
			level = parseLevel(value)
		case "@timestamp", "@module":
		default:
			if len(fields) < 2*maxFields {
				fields = append(fields, clean(string(key)), cleanBlock(jsonText(value)))
			}
		}
		return nil
	})
	return level, text, fields, ok && err == nil
}

// jsonText returns a string's text, and anything else as it is written.
func jsonText(value []byte) string {
	if text, ok := rawjson.String(value); ok {
		return text
	}
	return string(value)
}

// parseLevel reads a name, or a number as pino counts: 10 is trace, 60 fatal.
func parseLevel(value []byte) hclog.Level {
	if n, ok := rawjson.Int(value); ok {
		return hclog.Level(min(max(n/10, int64(hclog.Trace)), int64(hclog.Error)))
	}
	name, _ := rawjson.String(value)
	switch strings.ToLower(name) {
	case "warning":
		return hclog.Warn
	case "critical", "fatal":
		return hclog.Error
	}
	// Off would never be shown, NoLevel always.
	if level := hclog.LevelFromString(name); level != hclog.NoLevel && level != hclog.Off {
		return level
	}
	return hclog.Info
}

// plainLevel finds the level that a line begins with, as "[WARN] ..." does.
func plainLevel(line string) (level hclog.Level, found bool) {
	name, _, ok := strings.Cut(strings.TrimPrefix(line, "["), "]")
	if !ok || !strings.HasPrefix(line, "[") {
		return hclog.Info, false
	}
	level = hclog.LevelFromString(name)
	if level == hclog.NoLevel || level == hclog.Off {
		return hclog.Info, false
	}
	return level, true
}

// clean makes a plugin's text fit for a terminal and for JSON: valid UTF-8 and
// no control characters, which could rewrite what is on the screen.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(text, string(unicode.ReplacementChar)))
}

// cleanBlock is clean for a text of several lines.
func cleanBlock(text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i := range lines {
		lines[i] = clean(strings.TrimSuffix(lines[i], "\r"))
	}
	return strings.Join(lines, "\n")
}

// A lineLimit bounds how many lines a plugin may log. It counts what it drops
// and says so with the next line that passes. One goroutine uses it.
type lineLimit struct {
	tokens  float64
	last    time.Time
	dropped int
}

func newLineLimit() *lineLimit { return &lineLimit{tokens: lineBurst, last: time.Now()} }

func (l *lineLimit) allow(log hclog.Logger) bool {
	now := time.Now()
	l.tokens = min(lineBurst, l.tokens+lineRate*now.Sub(l.last).Seconds())
	l.last = now
	if l.tokens < 1 {
		l.dropped++
		return false
	}
	l.tokens--
	if l.dropped > 0 {
		log.Warn("plugin logs too much: lines were dropped", "dropped", l.dropped)
		l.dropped = 0
	}
	return true
}
