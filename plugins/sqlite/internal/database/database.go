// SPDX-License-Identifier: Apache-2.0

// Package database turns SQL statements into rows that are fit to be shown: it
// opens SQLite files, holds each statement to what it may do, and bounds its
// time, its rows and its bytes. It knows nothing of plugins and of MCP.
package database

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Limits bound what one statement may take. The zero value is the defaults.
type Limits struct {
	MaxRows  int           // 1000 if zero
	MaxBytes int           // of the values of one answer; 1 MiB if zero
	Timeout  time.Duration // 30 s if zero
}

// maxAnswer is the most that MaxBytes may be: an answer has to fit in a message.
const maxAnswer = 16 << 20

// maxValue is the longest text or blob, in bytes, that a statement may make or
// read, so that one row cannot take all memory.
const maxValue = 64 << 20

// withDefaults checks the limits and fills in those that are zero.
func (l Limits) withDefaults() (Limits, error) {
	if l.MaxRows < 0 || l.MaxBytes < 0 || l.Timeout < 0 {
		return l, errors.New("max_rows, max_bytes and timeout cannot be negative")
	}
	if l.MaxBytes > maxAnswer {
		return l, fmt.Errorf("max_bytes: %d is more than the %d that an answer may have", l.MaxBytes, maxAnswer)
	}
	if l.MaxRows == 0 {
		l.MaxRows = 1000
	}
	if l.MaxBytes == 0 {
		l.MaxBytes = 1 << 20
	}
	if l.Timeout == 0 {
		l.Timeout = 30 * time.Second
	}
	return l, nil
}

// A DB is one database file. It holds no connection: each call opens its own, so
// that no transaction, no temporary table and no pragma outlives the call. All
// methods may be called by many goroutines at once.
type DB struct {
	name     string // immutable, as all fields
	path     string
	writable bool
	limits   Limits
	tick     time.Duration // how often a long statement reports
}

// open checks that path is a database that can be read. Of a writable one that
// does not exist, an empty one is made.
func open(ctx context.Context, name, path string, writable bool, limits Limits) (*DB, error) {
	path, err := absolute(path)
	if err != nil {
		return nil, err
	}
	if err := touch(path, writable); err != nil {
		return nil, err
	}
	db := &DB{name: name, path: path, writable: writable, limits: limits, tick: time.Second}
	err = db.run(ctx, false, nil, func(ctx context.Context, s *session) error {
		_, err := s.conn.ExecContext(ctx, "SELECT count(*) FROM sqlite_schema")
		return ended(ctx, err)
	})
	if err != nil {
		return nil, err
	}
	return db, nil
}

// touch refuses what is no file, before SQLite's less helpful word on it.
func touch(path string, writable bool) error {
	flags := os.O_RDONLY
	if writable {
		flags = os.O_RDWR | os.O_CREATE
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return errors.New("not a regular file")
	}
	f, err := os.OpenFile(path, flags, 0o666)
	if err != nil {
		return err
	}
	return f.Close()
}

// absolute is path with ~/ replaced, from the top.
func absolute(path string) (string, error) {
	if path == "" {
		return "", errors.New("the path is empty")
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		path = filepath.Join(home, rest)
	}
	return filepath.Abs(path)
}

// dsn is how the driver is told to open the file.
func (db *DB) dsn(write bool) string {
	path := filepath.ToSlash(db.path)
	if runtime.GOOS == "windows" {
		path = "/" + path // file:///C:/...
	}
	// Half of the time is to be left for the statement, and to tell a lock that
	// does not go from a statement that takes long.
	wait := db.limits.Timeout / 2
	query := url.Values{
		"mode":          {"ro"},
		"_query_only":   {"1"},
		"_defensive":    {"1"}, // the file's internals stay out of reach
		"_busy_timeout": {fmt.Sprint(min(wait.Milliseconds(), math.MaxInt32))},
		"_foreign_keys": {"1"},
		"_pragma":       {"trusted_schema(0)"}, // views may not call what has side effects
		"_error_rc":     {"1"},
	}
	if write {
		query.Set("mode", "rw")
		query.Set("_query_only", "0")
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}
