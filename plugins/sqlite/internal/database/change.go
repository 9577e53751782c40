// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"database/sql"
	"errors"
)

// change runs a statement that writes and notes what it has done, which is all
// or nothing: also what SQLite would keep of a statement that fails (OR FAIL), or
// that is cancelled while its rows are read, is rolled back.
func (s *session) change(ctx context.Context, st statement, args []any, b bounds, to *Change) error {
	columns, err := s.prepare(ctx, st.text)
	if err != nil {
		return err
	}
	if st.isQuery() || st.verb() == "EXPLAIN" {
		return errors.New("a statement that only reads: use query")
	}
	if st.verb() == "VACUUM" { // has to be its own transaction
		_, err := s.conn.ExecContext(ctx, st.text, args...)
		return err
	}
	tx, err := s.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing, once it is committed
	if len(columns) > 0 {
		err = to.returning(ctx, tx, st, args, &Rows{Columns: describe(columns), Rows: [][]any{}}, b)
	} else {
		err = to.exec(ctx, tx, st, args)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

// exec runs a statement that returns no rows.
func (c *Change) exec(ctx context.Context, tx *sql.Tx, st statement, args []any) error {
	result, err := tx.ExecContext(ctx, st.text, args...)
	if err != nil || !st.changesRows() {
		return err // SQLite would count rows that it keeps for itself
	}
	if c.RowsAffected, err = result.RowsAffected(); err != nil {
		return err
	}
	c.LastInsertID, err = result.LastInsertId()
	return err
}

// returning runs a statement that returns rows. All is changed before the first
// of them comes: rows that the bounds leave out were changed too, and so was the
// one that is too long to be shown, which the answer has to say.
func (c *Change) returning(ctx context.Context, tx *sql.Tx, st statement, args []any, rows *Rows, b bounds) error {
	found, err := tx.QueryContext(ctx, st.text, args...)
	if err != nil {
		return err
	}
	defer found.Close()
	unshown := rows.read(found, len(rows.Columns), b)
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return err
	}
	if unshown != nil {
		c.Note = "the statement is done, but what it returned cannot be shown: " + unshown.Error()
	} else {
		c.Returned = rows
	}
	return tx.QueryRowContext(ctx, "SELECT changes(), last_insert_rowid()").Scan(&c.RowsAffected, &c.LastInsertID)
}
