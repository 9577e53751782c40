// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// WITH can begin a query that gives a first row and never ends, where the driver
// could not be interrupted any more.
func TestQueryIsNotExecuted(t *testing.T) {
	db := newDB(t, true, Limits{Timeout: 5 * time.Second})
	ended := make(chan error, 1)
	go func() {
		_, err := db.Execute(context.Background(), QueryRequest{SQL: endless}, nil)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "use query") {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the statement does not end")
	}
	for sql, reads := range map[string]bool{
		"SELECT 1": true, "VALUES (1)": true, "EXPLAIN SELECT 1": false,
		"WITH x AS (DELETE) VALUES (1)": true, "WITH replace AS (SELECT 1) SELECT * FROM replace": true, `WITH "insert"(a) AS (SELECT 1) SELECT 1`: true,
		"WITH x AS (SELECT 1) INSERT INTO t SELECT 1": false, "WITH x AS (SELECT 1) REPLACE INTO t SELECT 1": false,
		"WITH x AS (SELECT 1) UPDATE t SET a = 1": false, "INSERT INTO t SELECT 1": false, "INSERT INTO t VALUES (1)": false,
		"CREATE TABLE t AS SELECT 1": false, "PRAGMA user_version": false, "with x as (select 1) delete from t": false,
	} {
		st, err := parse(sql)
		if err != nil || st.isQuery() != reads {
			t.Errorf("%s: %v, %v", sql, !reads, err)
		}
	}
}

func TestChangeThatFailsAtItsEndIsNotSaidToBeDone(t *testing.T) {
	db := newDB(t, true, Limits{})
	must(t, outsider(t, db), "CREATE TABLE later (c INTEGER REFERENCES customers(id) DEFERRABLE INITIALLY DEFERRED)")
	for _, returning := range []string{"", " RETURNING c"} {
		change, err := db.Execute(t.Context(), QueryRequest{SQL: "INSERT INTO later VALUES (99)" + returning}, nil)
		if err == nil || !strings.Contains(err.Error(), "FOREIGN KEY constraint failed") {
			t.Errorf("%q: %+v, %v", returning, change, err)
		}
	}
}

// SQLite itself keeps the rows before the one that fails.
func TestChangeThatFailsLeavesNothingWhateverItsConflictClause(t *testing.T) {
	db := newDB(t, true, Limits{})
	for _, clause := range []string{"ABORT", "FAIL", "ROLLBACK"} {
		_, err := db.Execute(t.Context(), QueryRequest{SQL: "INSERT OR " + clause + " INTO orders(id, total) VALUES (7, 1), (1, 1)"}, nil)
		if err == nil || !strings.Contains(err.Error(), "UNIQUE constraint failed") {
			t.Errorf("%s: %v", clause, err)
		}
		if got := query(t, db, "SELECT count(*) FROM orders"); !strings.Contains(got, "[[2]]") {
			t.Errorf("%s: %s", clause, got)
		}
	}
}

// Whenever it is cancelled: also while its rows are read.
func TestCancelledChangeLeavesNothing(t *testing.T) {
	const many = "INSERT INTO orders(total) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 5000) SELECT i FROM n RETURNING id, total, 'some text'"
	db := newDB(t, true, Limits{MaxRows: 1 << 20, MaxBytes: maxAnswer, Timeout: time.Minute})
	db.tick = time.Millisecond
	why := errors.New("the test has seen enough")
	for ticks := 1; ; ticks += 1 + ticks/8 {
		ctx, cancel := context.WithCancelCause(t.Context())
		reports := 0
		_, err := db.Execute(ctx, QueryRequest{SQL: many}, func(time.Duration, time.Duration) {
			if reports++; reports == ticks {
				cancel(why)
			}
		})
		cancel(nil)
		count := query(t, db, "SELECT count(*) FROM orders")
		if err == nil {
			if !strings.Contains(count, "[[5002]]") {
				t.Errorf("done: %s", count)
			}
			return
		}
		if !errors.Is(err, why) || !strings.Contains(count, "[[2]]") {
			t.Fatalf("cancelled after %d ms: %v, %s", ticks, err, count)
		}
	}
}
