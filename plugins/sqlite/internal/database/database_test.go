// SPDX-License-Identifier: Apache-2.0

package database

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const shop = `CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', born DATE, photo BLOB);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id) ON DELETE CASCADE, total REAL CHECK (total >= 0));
CREATE UNIQUE INDEX by_name ON customers(name) WHERE born IS NOT NULL;
CREATE VIEW rich AS SELECT name FROM customers JOIN orders ON customer_id = customers.id WHERE total > 100;
CREATE TRIGGER log_order AFTER INSERT ON orders BEGIN UPDATE customers SET name = name; SELECT 1; END;
INSERT INTO customers VALUES (1, 'Ada', '1815-12-10', x'00ff'), (2, 'Zoë', NULL, NULL);
INSERT INTO orders VALUES (1, 1, 120.5), (2, 2, 8);`

// newDB is a database of its own with what shop makes.
func newDB(t *testing.T, writable bool, limits Limits) *DB {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a shop?#%.db") // a name that an address has to escape
	set, err := Open(t.Context(), map[string]string{"shop": path}, true, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	maker, err := set.Get("")
	if err != nil {
		t.Fatal(err)
	}
	for rest := scan(shop); len(rest) > 0; {
		end := endOf(rest)
		if _, err := maker.Execute(t.Context(), QueryRequest{SQL: shop[rest[0].at:rest[end].at]}, nil); err != nil {
			t.Fatal(err)
		}
		rest = rest[end+1:]
	}
	set, err = Open(t.Context(), map[string]string{"shop": path}, writable, limits)
	if err != nil {
		t.Fatal(err)
	}
	db, err := set.Get("shop")
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func query(t *testing.T, db *DB, sql string, params ...json.RawMessage) string {
	t.Helper()
	rows, err := db.Query(t.Context(), QueryRequest{SQL: sql, Params: params}, nil)
	if err != nil {
		return "error: " + err.Error()
	}
	raw, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestRowsComeAsTheyAreStored(t *testing.T) {
	db := newDB(t, false, Limits{})
	for sql, want := range map[string]string{
		"SELECT * FROM customers;": `{"columns":[{"name":"id","type":"INTEGER"},{"name":"name","type":"TEXT"},{"name":"born","type":"DATE"},{"name":"photo","type":"BLOB"}],` +
			`"rows":[[1,"Ada","1815-12-10",{"base64":"AP8="}],[2,"Zoë",null,null]],"row_count":2,"truncated":false}`,
		"SELECT 9007199254740993 AS big, 9e999 AS inf, 1.5 AS f, 1.5 AS f": `{"columns":[{"name":"big","type":"INTEGER"},{"name":"inf","type":"REAL"},{"name":"f","type":"REAL"},{"name":"f","type":"REAL"}],` +
			`"rows":[["9007199254740993","+Inf",1.5,1.5]],"row_count":1,"truncated":false}`,
		"SELECT name FROM customers ORDER BY name DESC -- the end": `"rows":[["Zoë"],["Ada"]]`,
		"VALUES (1),(2)":                          `"rows":[[1],[2]]`,
		"WITH x AS (SELECT 3) SELECT * FROM x":    `"rows":[[3]]`,
		"EXPLAIN QUERY PLAN SELECT * FROM orders": `"SCAN orders"`,
		"PRAGMA table_info(orders)":               `"customer_id"`,
		"SELECT count(*) FROM rich":               `"rows":[[1]]`,
		"SELECT 1 WHERE 0":                        `"rows":[],"row_count":0`,
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 3) SELECT i FROM n":    `"rows":[[1],[2],[3]]`,
		"SELECT i FROM (SELECT 2 AS i UNION ALL SELECT 3 UNION ALL SELECT 1) ORDER BY i * -1 -- ;": `"rows":[[3],[2],[1]]`,
	} {
		if got := query(t, db, sql); !strings.Contains(got, want) {
			t.Errorf("%s: %s; want %s", sql, got, want)
		}
	}
}

func TestParametersKeepTheirTypes(t *testing.T) {
	db := newDB(t, false, Limits{})
	got := query(t, db, "SELECT typeof(?), typeof(?), typeof(?), typeof(?), typeof(?), typeof(?)",
		json.RawMessage(`1`), json.RawMessage(`1.5`), json.RawMessage(`"a"`), json.RawMessage(`null`), json.RawMessage(`true`), json.RawMessage(`{"base64":"AA=="}`))
	if !strings.Contains(got, `[["integer","real","text","null","integer","blob"]]`) {
		t.Error(got)
	}
	for param, want := range map[string]string{`[1]`: "params[0]: a list", `{"a":1}`: `params[0]: an object has to be {"base64"`} {
		if got := query(t, db, "SELECT ?", json.RawMessage(param)); !strings.Contains(got, want) {
			t.Errorf("%s: %s; want %s", param, got, want)
		}
	}
}

func TestWrongParameterIsNamed(t *testing.T) {
	db := newDB(t, false, Limits{})
	one := json.RawMessage(`1`)
	for sql, want := range map[string]string{
		"SELECT ?, ?":                   "line 1, column 11: there is no value for parameter 2: params has 1",
		"SELECT ?1,\n?3":                "line 2, column 1: there is no value for parameter 3: params has 1",
		"SELECT ?1, ?":                  "line 1, column 12: there is no value for parameter 2: params has 1",
		"SELECT :who":                   "line 1, column 8: parameter :who has a name, but params is a list: write ?",
		"SELECT @who":                   "parameter @who has a name",
		"SELECT 1 WHERE 1 = $who":       "parameter $who has a name",
		"SELECT ?1, ?1":                 `[[1,1]]`,
		"SELECT '? :a $b', ? -- ? :who": `[["? :a $b",1]]`,
	} {
		if got := query(t, db, sql, one); !strings.Contains(got, want) {
			t.Errorf("%s: %s; want %s", sql, got, want)
		}
	}
}

func TestLimitOfZeroIsTheOperators(t *testing.T) {
	db := newDB(t, false, Limits{MaxRows: 2})
	rows, err := db.Query(t.Context(), QueryRequest{SQL: "VALUES (1),(2),(3)", Limit: 0}, nil)
	if err != nil || rows.Count != 2 || !rows.Truncated {
		t.Errorf("%+v %v", rows, err)
	}
}

// All that a reader must not do, by whatever way.
func TestAQueryChangesNothing(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.db")
	for _, writable := range []bool{false, true} {
		db := newDB(t, writable, Limits{})
		for _, sql := range []string{
			"DELETE FROM orders", "DELETE FROM orders RETURNING id", "INSERT INTO orders VALUES (9, 1, 1)", "UPDATE orders SET total = 0",
			"WITH x AS (SELECT 1) DELETE FROM orders", "REPLACE INTO orders VALUES (1, 1, 1)",
			"DROP TABLE orders", "CREATE TABLE x(y)", "CREATE TEMP TABLE x(y)", "CREATE TEMP TABLE x AS SELECT 1", "ALTER TABLE orders ADD x", "CREATE VIRTUAL TABLE x USING fts5(y)",
			"ATTACH '" + outside + "' AS o", "EXPLAIN ATTACH '" + outside + "' AS o", "DETACH main", "VACUUM", "VACUUM INTO '" + outside + "'", "REINDEX", "ANALYZE",
			"PRAGMA query_only = 0", "PRAGMA query_only(0)", "PRAGMA writable_schema = 1", "PRAGMA user_version = 7", "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode(WAL)", "PRAGMA temp_store_directory = '/'",
			"PRAGMA mmap_size = 1", "SELECT * FROM pragma_user_version(7)", "SELECT load_extension('x')", "SELECT writefile('" + outside + "', 'x')", "SELECT readfile('/etc/passwd')", "SELECT fts3_tokenizer('x', x'00')",
			"BEGIN", "COMMIT", "SAVEPOINT x", "ROLLBACK", "SELECT 1; DELETE FROM orders", "EXPLAIN DELETE FROM orders; DELETE FROM orders",
			"SELECT 1) SELECT 1; DELETE FROM orders; WITH x AS (SELECT 1", "SELECT * FROM orders LIMIT 1) --", "",
		} {
			if got := query(t, db, sql); !strings.HasPrefix(got, "error: ") {
				t.Errorf("writable %v, %s: %s", writable, sql, got)
			}
		}
		if got := query(t, db, "SELECT count(*), total(total), (SELECT user_version FROM pragma_user_version) FROM orders"); !strings.Contains(got, `[[2,128.5,0]]`) {
			t.Errorf("afterwards: %s", got)
		}
	}
	if _, err := os.Stat(outside); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file was written: %v", err)
	}
}

func TestMistakesAreShownWhereTheyAre(t *testing.T) {
	db := newDB(t, false, Limits{})
	for sql, want := range map[string]string{
		"SELECT *\nFROM orders\n  FORM x":              `line 3, column 8: near "x": syntax error`,
		"SELECT 'x' FROM orders WHERE x x":             `line 1, column 32: near "x": syntax error`,
		"SELECT * FROM":                                `line 1, column 14: incomplete input`,
		"SELECT (1":                                    `line 1, column 10: incomplete input`,
		"SELECT 'Zoë', nme FROM customers":             `line 1, column 15: no such column: nme`,
		"SELECT o.nme FROM orders AS o":                `line 1, column 10: no such column: o.nme`,
		"SELECT * FROM custmers":                       `line 1, column 15: no such table: custmers`,
		"SELECT nope(1)":                               `line 1, column 8: no such function: nope`,
		"SELECT 'abc":                                  `line 1, column 8: unrecognized token: "'abc"`,
		"SELECT 1;\nSELECT 2":                          `line 2, column 1: only one statement per call`,
		"DELETE FROM orders":                           `refused: only statements that read are allowed here`,
		"PRAGMA journal_mode = DELETE":                 `refused: PRAGMA journal_mode cannot be set`,
		"SELECT load_extension('x')":                   `refused: load_extension is not available`,
		"SELECT json('{') /* at run time */":           `malformed JSON`,
		"SELECT length(zeroblob(100000000))":           `string or blob too big`,
		"SELECT " + strings.Repeat("1,", 200000) + "1": `more than 262144`,
	} {
		if got := query(t, db, sql); !strings.HasPrefix(got, "error: "+want) && !strings.Contains(got, want) {
			t.Errorf("%.80s: %s; want %s", sql, got, want)
		}
	}
}

// endless gives its first row at once and never another.
const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n WHERE i < 2"

func TestLongStatementsAreStoppedAfterTheTimeout(t *testing.T) {
	db := newDB(t, true, Limits{Timeout: 100 * time.Millisecond})
	if got := query(t, db, endless); !strings.Contains(got, "stopped after 100ms") {
		t.Error(got)
	}
	_, err := db.Execute(t.Context(), QueryRequest{SQL: "INSERT INTO orders(total) " + endless}, nil)
	if err == nil || !strings.Contains(err.Error(), "stopped after 100ms") {
		t.Error(err)
	}
	_, err = db.Execute(t.Context(), QueryRequest{SQL: "INSERT INTO orders(total) " + endless + " RETURNING id"}, nil)
	if err == nil || !strings.Contains(err.Error(), "stopped after 100ms") {
		t.Error(err)
	}
	if got := query(t, db, "SELECT count(*) FROM orders"); !strings.Contains(got, "[[2]]") {
		t.Errorf("a stopped statement left something: %s", got)
	}
}

func TestCancelledStatementEndsAndLongOnesReport(t *testing.T) {
	db := newDB(t, false, Limits{Timeout: time.Hour})
	db.tick = time.Millisecond
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the test has seen enough")
	reports := 0
	_, err := db.Query(ctx, QueryRequest{SQL: endless}, func(elapsed, limit time.Duration) {
		if reports++; reports == 3 {
			cancel(why)
		}
		if elapsed <= 0 || limit != time.Hour {
			t.Errorf("a report of %v of %v", elapsed, limit)
		}
	})
	if !errors.Is(err, why) {
		t.Errorf("%v; want the cause", err)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	db := newDB(t, false, Limits{MaxRows: 5, MaxBytes: 100})
	numbers := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n" // has no end
	if got := query(t, db, numbers); !strings.Contains(got, `"rows":[[1],[2],[3],[4],[5]],"row_count":5,"truncated":true,"note":"only the first 5 rows`) {
		t.Error(got)
	}
	rows, err := db.Query(t.Context(), QueryRequest{SQL: numbers, Limit: 2}, nil)
	if err != nil || rows.Count != 2 || !rows.Truncated {
		t.Errorf("limit 2: %v, %v", rows, err)
	}
	rows, err = db.Query(t.Context(), QueryRequest{SQL: "VALUES (1),(2)", Limit: 2}, nil)
	if err != nil || rows.Truncated {
		t.Errorf("as many rows as the limit: %v, %v", rows, err)
	}
	if got := query(t, db, "SELECT '0123456789012345678901234567890123456789' FROM n, (VALUES (1),(2),(3))"); !strings.Contains(got, "no such table: n") {
		t.Error(got)
	}
	if got := query(t, db, "SELECT printf('%040d', column1) FROM (VALUES (1),(2),(3))"); !strings.Contains(got, `"row_count":2,"truncated":true,"note":"only the first 2 rows, as all would be more than 100 bytes`) {
		t.Error(got)
	}
	if got := query(t, db, "SELECT printf('%0200d', 1)"); !strings.Contains(got, "error: the first row alone has more than the 100 bytes") {
		t.Error(got)
	}
}

func TestExecuteSaysWhatItHasDone(t *testing.T) {
	db := newDB(t, true, Limits{MaxRows: 2})
	for _, c := range []struct{ sql, want string }{
		{"INSERT INTO customers(name) VALUES ('a'),('b'),('c')", `{"rows_affected":3,"last_insert_id":5}`},
		{"UPDATE customers SET born = '2001-02-03' WHERE id > 3 RETURNING id", `{"rows_affected":2,"last_insert_id":0,"returned":{"columns":[{"name":"id","type":"INTEGER"}],"rows":[[4],[5]],"row_count":2,"truncated":false}}`},
		{"DELETE FROM customers WHERE id > 2 RETURNING id", `"rows_affected":3,"last_insert_id":0,"returned":{"columns":[{"name":"id","type":"INTEGER"}],"rows":[[3],[4]],"row_count":2,"truncated":true`},
		{"INSERT INTO orders(customer_id, total) VALUES (99, 1)", "error: constraint failed: FOREIGN KEY constraint failed"},
		{"INSERT INTO orders(total) VALUES (-1)", "error: constraint failed: CHECK constraint failed: total >= 0"},
		{"SELECT 1", "error: a statement that only reads: use query"},
		{"BEGIN", "error: each call is a transaction of its own"},
		{"ATTACH 'x' AS y", "error: ATTACH is not available"},
		{"VACUUM INTO 'x'", "error: refused: other files cannot be attached or written"},
		{"PRAGMA writable_schema = 1", "error: refused: PRAGMA writable_schema is not available"},
		{"UPDATE sqlite_schema SET sql = ''", "error: "},
		{"CREATE TRIGGER t AFTER DELETE ON orders BEGIN SELECT 1; SELECT 2; END;", `{"rows_affected":0`},
		{"PRAGMA user_version = 7", `{"rows_affected":0`},
		{"VACUUM", `{"rows_affected":0`},
		{"CREATE VIRTUAL TABLE words USING fts5(word)", `{"rows_affected":0`},
		{"INSERT INTO words VALUES ('needle')", `{"rows_affected":1`},
		{"ANALYZE", `{"rows_affected":0`},
		{"DROP TABLE orders", `{"rows_affected":0,"last_insert_id":0}`},
	} {
		change, err := db.Execute(t.Context(), QueryRequest{SQL: c.sql}, nil)
		raw, _ := json.Marshal(change)
		got := string(raw)
		if err != nil {
			got = "error: " + err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%s: %s; want %s", c.sql, got, c.want)
		}
	}
	if got := query(t, db, "SELECT count(*), (SELECT user_version FROM pragma_user_version) FROM words WHERE words MATCH 'needle'"); !strings.Contains(got, "[[1,7]]") {
		t.Error(got)
	}
	reader := newDB(t, false, Limits{})
	if _, err := reader.Execute(t.Context(), QueryRequest{SQL: "DROP TABLE orders"}, nil); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Error(err)
	}
}

func TestSchemaTellsAllOfATable(t *testing.T) {
	db := newDB(t, false, Limits{})
	tables, err := db.Tables(t.Context())
	raw, _ := json.Marshal(tables)
	if want := `[{"database":"shop","name":"customers","type":"table","columns":4},{"database":"shop","name":"orders","type":"table","columns":3},{"database":"shop","name":"rich","type":"view","columns":1}]`; err != nil || string(raw) != want {
		t.Errorf("%s, %v; want %s", raw, err, want)
	}
	for table, wants := range map[string][]string{
		"CUSTOMERS": {`"sql":"CREATE TABLE customers (`, `{"name":"name","type":"TEXT","not_null":true,"default":"'x'","primary_key":0}`, `{"name":"by_name","unique":true,"partial":true,"columns":["name"],"sql":"CREATE UNIQUE INDEX`},
		"orders":    {`{"id":0,"column":"customer_id","references_table":"customers","references_column":"id","on_update":"NO ACTION","on_delete":"CASCADE"}`, `"triggers":[{"name":"log_order"`},
		"rich":      {`"type":"view"`, `"indexes":[]`},
	} {
		info, err := db.Describe(t.Context(), table)
		raw, _ := json.Marshal(info)
		for _, want := range wants {
			if err != nil || !strings.Contains(string(raw), want) {
				t.Errorf("%s: %s, %v; want %s", table, raw, err, want)
			}
		}
	}
	_, err = db.Describe(t.Context(), "nope")
	if _, ok := errors.AsType[*NotFoundError](err); !ok {
		t.Errorf("no such table: %v", err)
	}
	if all, err := db.Schema(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("%v, %v", all, err)
	}
}

func TestWrongDatabasesAreRefused(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("no database ", 100)), 0o666); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "missing")
	for want, c := range map[string]struct {
		paths  map[string]string
		limits Limits
	}{
		"file is not a database":          {map[string]string{"a": text}, Limits{}},
		"no such file":                    {map[string]string{"a": missing}, Limits{}},
		"not a regular file":              {map[string]string{"a": dir}, Limits{}},
		"the path is empty":               {map[string]string{"a": ""}, Limits{}},
		"a name is 1 to 64":               {map[string]string{"a/b": text}, Limits{}},
		"cannot be negative":              {nil, Limits{MaxRows: -1}},
		"more than the 16777216 that an ": {nil, Limits{MaxBytes: 1 << 30}},
	} {
		if _, err := Open(t.Context(), c.paths, false, c.limits); err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "cannot find the file", "no such file"), want) {
			t.Errorf("%v: %v; want %q", c.paths, err, want)
		}
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Error("reading has made a database")
	}
}

func TestPlanIsThatOfTheStatement(t *testing.T) {
	db := newDB(t, true, Limits{})
	plan, err := db.Plan(t.Context(), "SELECT * FROM orders WHERE id = ? AND total > ?;")
	if want := "SEARCH orders USING INTEGER PRIMARY KEY (rowid=?)"; err != nil || plan != want {
		t.Errorf("%q, %v; want %q", plan, err, want)
	}
	plan, err = db.Plan(t.Context(), "SELECT name FROM customers UNION SELECT 1")
	if err != nil || !strings.Contains(plan, "\n  ") {
		t.Errorf("%q, %v; want steps below steps", plan, err)
	}
	if _, err := db.Plan(t.Context(), "SELECT * FORM orders"); err == nil || !strings.Contains(err.Error(), "line 1, column 10: near \"FORM\"") {
		t.Error(err)
	}
	if _, err := db.Plan(t.Context(), "DELETE FROM orders"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}

// FuzzScan holds the tokenizer to what the rest relies on.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{shop, "SELECT 'a''b' -- c", "/* x", "[a", "`", "\"", "é;", "$1 ?2 :x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		end := 0
		for _, token := range scan(sql) {
			if token.at < end || token.text == "" || !strings.HasPrefix(sql[token.at:], token.text) {
				t.Fatalf("token %q at %d after %d", token.text, token.at, end)
			}
			end = token.at + len(token.text)
		}
		if _, err := parse(sql); err == nil && end == 0 {
			t.Fatal("nothing was accepted")
		}
	})
}
