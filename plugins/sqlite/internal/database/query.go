// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// A QueryRequest asks for the rows of one statement.
type QueryRequest struct {
	Database string            `json:"database,omitempty" jsonschema:"name of the database; may be left out if there is only one"`
	SQL      string            `json:"sql" jsonschema:"one SQL statement"`
	Params   []json.RawMessage `json:"params,omitempty" jsonschema:"values for ? in the statement: null, booleans, numbers, strings, or {\"base64\": \"...\"} for bytes"`
	Limit    int               `json:"limit,omitempty" jsonschema:"most rows to return; at most, and by default (0), what the operator has set"`
}

// Rows are the answer to a query.
type Rows struct {
	Columns   []Column `json:"columns"`
	Rows      [][]any  `json:"rows" jsonschema:"values in the order of the columns; bytes are {\"base64\": \"...\"}, integers beyond 2^53 are strings"`
	Count     int      `json:"row_count"`
	Truncated bool     `json:"truncated" jsonschema:"whether there are more rows"`
	Note      string   `json:"note,omitempty" jsonschema:"why the answer was cut, and how to go on"`
}

// A Column describes one column of an answer.
type Column struct {
	Name string `json:"name"`
	Type string `json:"type" jsonschema:"as declared, else the type of the first value; empty if all are null"`
}

// A Change is what a statement that writes has done.
type Change struct {
	RowsAffected int64  `json:"rows_affected"`
	LastInsertID int64  `json:"last_insert_id" jsonschema:"row id of the last row inserted by this call; 0 if none"`
	Returned     *Rows  `json:"returned,omitempty" jsonschema:"what RETURNING gave"`
	Note         string `json:"note,omitempty"`
}

// Progress is told, once a second, how long a statement has run and how long it
// may.
type Progress func(elapsed, limit time.Duration)

// Query answers a statement that reads. It ends with ctx, within moments.
func (db *DB) Query(ctx context.Context, req QueryRequest, report Progress) (*Rows, error) {
	st, args, limit, err := db.check(req)
	if err != nil {
		return nil, err
	}
	var rows *Rows
	err = db.run(ctx, false, report, func(ctx context.Context, s *session) error {
		s.guard.query = st.isQuery()
		columns, err := s.prepare(ctx, st.text)
		if err == nil {
			rows, err = s.fetch(ctx, st, columns, args, db.bounds(limit))
		}
		return s.explain(ctx, st, err)
	})
	return rows, err
}

// Execute runs a statement that writes. It is done as a whole or not at all.
func (db *DB) Execute(ctx context.Context, req QueryRequest, report Progress) (*Change, error) {
	if !db.writable {
		return nil, errors.New("the database is read-only")
	}
	st, args, limit, err := db.check(req)
	if err != nil {
		return nil, err
	}
	change := &Change{}
	err = db.run(ctx, true, report, func(ctx context.Context, s *session) error {
		return s.explain(ctx, st, s.change(ctx, st, args, db.bounds(limit), change))
	})
	if err != nil {
		return nil, err
	}
	return change, nil
}

// check reads a request.
func (db *DB) check(req QueryRequest) (st statement, args []any, limit int, err error) {
	if req.Limit < 0 {
		return st, nil, 0, errors.New("limit cannot be negative")
	}
	if st, err = parse(req.SQL); err != nil {
		return st, nil, 0, err
	}
	if args, err = readParams(req.Params); err != nil {
		return st, nil, 0, err
	}
	if err := st.checkParams(len(args)); err != nil {
		return st, nil, 0, err
	}
	limit = db.limits.MaxRows
	if req.Limit > 0 {
		limit = min(limit, req.Limit)
	}
	return st, args, limit, nil
}

// run opens a session for do, bounds its time and reports while it lasts.
func (db *DB) run(ctx context.Context, write bool, report Progress, do func(context.Context, *session) error) error {
	caller := ctx
	ctx, cancel := context.WithTimeoutCause(ctx, db.limits.Timeout, errTimeout)
	defer cancel()
	defer db.watch(ctx, report)()

	s, err := db.connect(ctx, write)
	if err == nil {
		err = do(ctx, s)
		s.close()
	}
	if errors.Is(err, errTimeout) && caller.Err() == nil {
		return fmt.Errorf("stopped after %v, the longest that a statement may take: ask for less, or use an index (see EXPLAIN QUERY PLAN)", db.limits.Timeout)
	}
	return err
}

// watch reports until the function that it returns is called, which waits for
// the last report.
func (db *DB) watch(ctx context.Context, report Progress) (stop func()) {
	if report == nil {
		return func() {}
	}
	start := time.Now()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(db.tick)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				report(time.Since(start), db.limits.Timeout)
			case <-ctx.Done():
				return
			case <-done:
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// bounds are what an answer may have.
type bounds struct{ rows, bytes int }

func (db *DB) bounds(rows int) bounds { return bounds{rows: rows, bytes: db.limits.MaxBytes} }

// fetch runs a statement and reads what it returns.
//
// The driver can interrupt a statement until its first row is there, not after
// that. So a SELECT is put into one that needs all of its rows before it returns
// the first. That also strips the columns of their declared type, by which the
// driver would turn dates into another form than the stored one.
func (s *session) fetch(ctx context.Context, st statement, columns []sqlite.ColumnInfo, args []any, b bounds) (*Rows, error) {
	if len(columns) == 0 {
		return nil, errors.New("the statement returns no rows")
	}
	text, extra := st.text, 0
	if st.isQuery() {
		text, extra = gathered(st.text, len(columns), b.rows+1), 1
	}
	found, err := s.conn.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	rows := &Rows{Columns: describe(columns), Rows: [][]any{}}
	if err := rows.read(found, len(columns)+extra, b); err != nil {
		return nil, err
	}
	return rows, found.Close()
}

// gathered is a query of n columns that gives at most limit rows, and none
// before it has all: the window in the added last column spans them all.
func gathered(query string, n, limit int) string {
	names, values := make([]string, n), make([]string, n)
	for i := range n {
		names[i] = fmt.Sprintf("c%d", i)
		values[i] = "+" + names[i]
	}
	return fmt.Sprintf("WITH mcphost_rows(%s) AS (\n%s\n) SELECT %s, count(*) OVER () FROM (SELECT * FROM mcphost_rows LIMIT %d)",
		strings.Join(names, ","), query, strings.Join(values, ","), limit)
}

// describe are the columns, with the types that are declared.
func describe(columns []sqlite.ColumnInfo) []Column {
	list := make([]Column, len(columns))
	for i, c := range columns {
		list[i] = Column{Name: strings.ToValidUTF8(c.Name, "\uFFFD"), Type: c.DeclType}
	}
	return list
}

// read takes rows of width values until there are no more or the bounds are met.
func (r *Rows) read(found *sql.Rows, width int, b bounds) error {
	values, targets := make([]any, width), make([]any, width)
	for i := range values {
		targets[i] = &values[i]
	}
	left := b.bytes
	for found.Next() {
		if err := found.Scan(targets...); err != nil {
			return err
		}
		if len(r.Rows) == b.rows {
			r.cut(fmt.Sprintf("only the first %d rows: use LIMIT and OFFSET, a condition or an aggregate", b.rows))
			return nil
		}
		row, size := encodeRow(values[:len(r.Columns)])
		if left -= size; left < 0 && len(r.Rows) == 0 {
			return fmt.Errorf("the first row alone has more than the %d bytes that an answer may have: select fewer columns, or parts with substr()", b.bytes)
		}
		if left < 0 {
			r.cut(fmt.Sprintf("only the first %d rows, as all would be more than %d bytes: select fewer columns, or use LIMIT and OFFSET", len(r.Rows), b.bytes))
			return nil
		}
		r.add(row, values)
	}
	return found.Err()
}

func (r *Rows) add(row, values []any) {
	r.Rows = append(r.Rows, row)
	r.Count++
	for i := range r.Columns {
		if r.Columns[i].Type == "" {
			r.Columns[i].Type = storageClass(values[i])
		}
	}
}

func (r *Rows) cut(note string) { r.Truncated, r.Note = true, note }
