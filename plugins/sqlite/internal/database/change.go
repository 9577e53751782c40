// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"errors"
)

// change runs a statement that writes and notes what it has done.
func (s *session) change(ctx context.Context, st statement, args []any, b bounds, to *Change) error {
	columns, err := s.prepare(st.text)
	if err != nil {
		return err
	}
	if verb := st.verb(); verb == "SELECT" || verb == "VALUES" || verb == "EXPLAIN" {
		return errors.New("a statement that only reads: use query")
	}
	if len(columns) == 0 {
		result, err := s.conn.ExecContext(ctx, st.text, args...)
		if err != nil || !st.changesRows() {
			return err // SQLite would count rows that it keeps for itself
		}
		if to.RowsAffected, err = result.RowsAffected(); err != nil {
			return err
		}
		to.LastInsertID, err = result.LastInsertId()
		return err
	}
	// All is done before the first row comes. Rows that the bounds leave out were
	// changed too, which the answer has to say: it cannot be undone.
	found, err := s.conn.QueryContext(ctx, st.text, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	rows := &Rows{Columns: describe(columns), Rows: [][]any{}}
	readErr := rows.read(found, len(columns), b)
	if err := found.Close(); err != nil {
		return err
	}
	if readErr != nil {
		to.Note = "the statement is done, but what it returned cannot be shown: " + readErr.Error()
	} else {
		to.Returned = rows
	}
	return s.conn.QueryRowContext(ctx, "SELECT changes(), last_insert_rowid()").Scan(&to.RowsAffected, &to.LastInsertID)
}
