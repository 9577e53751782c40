// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"database/sql"
	"strings"
)

// Plan says how SQLite would run a statement that reads: one step a line, those
// that are part of another indented below it. Parameters need no values.
func (db *DB) Plan(ctx context.Context, query string) (string, error) {
	st, err := parse(query)
	if err != nil {
		return "", err
	}
	var plan string
	err = db.run(ctx, false, nil, func(ctx context.Context, s *session) error {
		s.guard.query = st.isQuery()
		if _, err := s.prepare(ctx, st.text); err != nil {
			return s.explain(ctx, st, err)
		}
		depth := map[int]int{}
		lines, err := collect(ctx, s, func(r *sql.Rows) (string, error) {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			depth[id] = depth[parent] + 1
			return strings.Repeat("  ", depth[parent]) + detail, err
		}, "EXPLAIN QUERY PLAN "+st.text, st.nulls()...)
		plan = strings.Join(lines, "\n")
		return err
	})
	return plan, err
}
