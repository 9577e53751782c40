// SPDX-License-Identifier: Apache-2.0

package database

import (
	"encoding/json"
	"strings"
	"testing"
)

// What others have left broken hides nothing else.
func TestBrokenTableIsDescribedAsFarAsItCanBe(t *testing.T) {
	db := newDB(t, false, Limits{})
	must(t, outsider(t, db), "CREATE VIEW broken AS SELECT x FROM gone", "PRAGMA writable_schema = 1",
		"INSERT INTO sqlite_schema VALUES ('table', 'alien', 'alien', 0, 'CREATE VIRTUAL TABLE alien USING elsewhere(a)')")
	for table, problem := range map[string]string{"broken": "no such table: main.gone", "alien": "no such module: elsewhere", "rich": ""} {
		info, err := db.Describe(t.Context(), table)
		if err != nil || info.Problem != problem || info.SQL == "" || problem != "" && !strings.Contains(info.Markdown(), problem) {
			t.Errorf("%s: %+v, %v", table, info, err)
		}
		raw, err := json.Marshal(info)
		if err != nil || strings.Contains(string(raw), ":null") {
			t.Errorf("%s: %s, %v", table, raw, err)
		}
	}
	if all, err := db.Schema(t.Context()); err != nil || len(all) != 5 {
		t.Errorf("%v, %v", all, err)
	}
	columns := map[string]int{}
	tables, err := db.Tables(t.Context())
	for _, table := range tables {
		columns[table.Name] = table.Columns
	}
	if err != nil || len(columns) != 5 || columns["rich"] != 1 || columns["broken"] != 0 || columns["alien"] != 0 {
		t.Errorf("%v, %v", columns, err)
	}
}

func TestReferenceToAPrimaryKeyNamesNoColumn(t *testing.T) {
	info := TableInfo{ForeignKeys: []ForeignKey{{Column: "a", Table: "t"}, {Column: "b", Table: "u", To: "c"}}}
	if got := info.Markdown(); !strings.Contains(got, "\n- `a` references `t`\n- `b` references `u`(c)\n") {
		t.Error(got)
	}
}

func TestPlanNeedsNoValuesForParameters(t *testing.T) {
	db := newDB(t, false, Limits{})
	for _, condition := range []string{"id = ?", "id = ?3", "id = :id", "id = @id AND total > ?", "id = $id AND total > :id", "id = ? AND total > :total AND total < ?"} {
		plan, err := db.Plan(t.Context(), "SELECT * FROM orders WHERE "+condition)
		if err != nil || plan != "SEARCH orders USING INTEGER PRIMARY KEY (rowid=?)" {
			t.Errorf("%s: %q, %v", condition, plan, err)
		}
	}
}

func TestVirtualTablesAreRead(t *testing.T) {
	db := newDB(t, false, Limits{})
	must(t, outsider(t, db), "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)", "INSERT INTO boxes VALUES (1, 2, 3)",
		"CREATE VIRTUAL TABLE words USING fts5(word)", "INSERT INTO words VALUES ('needle')")
	for sql, want := range map[string]string{"SELECT id FROM boxes WHERE x0 < 9": "[[1]]", "SELECT word FROM words('needle')": `[["needle"]]`} {
		if got := query(t, db, sql); !strings.Contains(got, want) {
			t.Errorf("%s: %s", sql, got)
		}
	}
	if info, err := db.Describe(t.Context(), "boxes"); err != nil || info.Problem != "" || len(info.Columns) != 3 {
		t.Errorf("%+v, %v", info, err)
	}
	for _, sql := range []string{"DELETE FROM boxes", "DELETE FROM boxes_node", "WITH x AS (SELECT 1) DELETE FROM boxes_rowid", "EXPLAIN DELETE FROM boxes_node", "UPDATE boxes_parent SET nodeno = 1"} {
		if got := query(t, db, sql); !strings.HasPrefix(got, "error: ") {
			t.Errorf("%s: %s", sql, got)
		}
		if _, err := db.Plan(t.Context(), sql); err == nil {
			t.Errorf("%s has a plan", sql)
		}
	}
}
