// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// outsider is a connection to the file of db that nothing guards.
func outsider(t *testing.T, db *DB) *sql.Conn {
	t.Helper()
	pool, err := sql.Open("sqlite", strings.ReplaceAll(db.dsn(true), "_defensive=1", "_defensive=0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// must runs statements at an outsider.
func must(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := conn.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// calls are all that can be asked of a database, by name.
func calls(db *DB) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"query": func(ctx context.Context) error {
			_, err := db.Query(ctx, QueryRequest{SQL: "SELECT * FROM orders"}, nil)
			return err
		},
		"execute": func(ctx context.Context) error {
			_, err := db.Execute(ctx, QueryRequest{SQL: "INSERT INTO orders(total) VALUES (1)"}, nil)
			return err
		},
		"returning": func(ctx context.Context) error {
			_, err := db.Execute(ctx, QueryRequest{SQL: "INSERT INTO orders(total) VALUES (1) RETURNING id"}, nil)
			return err
		},
		"vacuum": func(ctx context.Context) error {
			_, err := db.Execute(ctx, QueryRequest{SQL: "VACUUM"}, nil)
			return err
		},
		"plan":     func(ctx context.Context) error { _, err := db.Plan(ctx, "SELECT * FROM orders"); return err },
		"tables":   func(ctx context.Context) error { _, err := db.Tables(ctx); return err },
		"describe": func(ctx context.Context) error { _, err := db.Describe(ctx, "orders"); return err },
		"schema":   func(ctx context.Context) error { _, err := db.Schema(ctx); return err },
		"open":     func(ctx context.Context) error { _, err := open(ctx, db.name, db.path, true, db.limits); return err },
	}
}

// locks are ways to lock a database, by the statements that do.
func locks() map[string][]string {
	return map[string][]string{
		"by a writer":         {"BEGIN EXCLUSIVE"},
		"by the owner of WAL": {"PRAGMA locking_mode = EXCLUSIVE", "PRAGMA journal_mode = WAL", "BEGIN EXCLUSIVE"},
	}
}

func TestCancelledCallDoesNotWaitForALock(t *testing.T) {
	for name, statements := range locks() {
		db := newDB(t, true, Limits{Timeout: time.Minute})
		must(t, outsider(t, db), statements...)
		why := errors.New("the test has waited enough")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, why)
		start := time.Now()
		var all sync.WaitGroup
		for call, do := range calls(db) {
			all.Go(func() {
				if err := do(ctx); !errors.Is(err, why) {
					t.Errorf("%s, locked %s: %v; want the cause", call, name, err)
				}
			})
		}
		all.Wait()
		cancel()
		if took := time.Since(start); took > 15*time.Second { // SQLite would wait for half a minute
			t.Errorf("locked %s: took %v after the end of the context", name, took)
		}
	}
}

func TestLockedDatabaseIsSaidToBeLocked(t *testing.T) {
	for name, statements := range locks() {
		db := newDB(t, true, Limits{Timeout: 2 * time.Second})
		must(t, outsider(t, db), statements...)
		var all sync.WaitGroup
		for call, do := range calls(db) {
			all.Go(func() {
				if err := do(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "the database is locked by another process") {
					t.Errorf("%s, locked %s: %v", call, name, err)
				}
			})
		}
		all.Wait()
	}
}

// The call waits from the first report on, at the latest.
func TestCallGoesOnWhenTheLockIsGone(t *testing.T) {
	db := newDB(t, true, Limits{Timeout: time.Minute})
	db.tick = time.Millisecond
	other := outsider(t, db)
	must(t, other, "BEGIN EXCLUSIVE", "INSERT INTO orders(total) VALUES (3)")
	var once sync.Once
	report := func(time.Duration, time.Duration) {
		once.Do(func() { must(t, other, "COMMIT") })
	}
	change, err := db.Execute(t.Context(), QueryRequest{SQL: "INSERT INTO orders(total) VALUES (4) RETURNING id"}, report)
	if err != nil || change.RowsAffected != 1 {
		t.Errorf("%+v, %v", change, err)
	}
	if got := query(t, db, "SELECT total FROM orders WHERE id > 2"); !strings.Contains(got, "[[3],[4]]") {
		t.Error(got)
	}
}

// A reader keeps a writer from committing, after all rows have been returned.
func TestChangeThatCannotBeCommittedIsNotSaidToBeDone(t *testing.T) {
	db := newDB(t, true, Limits{Timeout: time.Second})
	reader := outsider(t, db)
	must(t, reader, "BEGIN", "SELECT * FROM orders")
	for _, returning := range []string{"", " RETURNING id"} {
		change, err := db.Execute(t.Context(), QueryRequest{SQL: "INSERT INTO orders(total) VALUES (1)" + returning}, nil)
		if err == nil || !strings.Contains(err.Error(), "locked by another process") {
			t.Errorf("%q: %+v, %v", returning, change, err)
		}
	}
	must(t, reader, "COMMIT")
	if got := query(t, db, "SELECT count(*) FROM orders"); !strings.Contains(got, "[[2]]") {
		t.Error(got)
	}
}
