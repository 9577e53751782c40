// SPDX-License-Identifier: Apache-2.0

package database

import (
	"fmt"
	"strings"

	"modernc.org/sqlite"
)

// A guard decides what the statements of one connection may do. SQLite asks it
// while it compiles, in the goroutine that uses the connection. For readers it
// is the third lock: the file is open for reading alone, and query_only is on.
type guard struct {
	write   bool   // immutable
	refused string // what was refused last, for the error to say
	query   bool   // the statement is a query, ours or that of a caller
}

// authorize is SQLite's question; see https://www.sqlite.org/c3ref/set_authorizer.html.
// What is not known is refused.
func (g *guard) authorize(action sqlite.AuthorizerActionCode, arg1, arg2, _, _ string) sqlite.AuthorizerReturnCode {
	if why := g.objection(action, arg1, arg2); why != "" {
		g.refused = why
		return sqlite.AuthorizerDeny
	}
	return sqlite.AuthorizerOK
}

// objection says why an action is refused; nothing if it is not.
func (g *guard) objection(action sqlite.AuthorizerActionCode, arg1, arg2 string) string {
	switch action {
	case sqlite.AuthSelect, sqlite.AuthRead, sqlite.AuthRecursive:
		return ""
	case sqlite.AuthFunction:
		if strings.EqualFold(arg2, "load_extension") {
			return "load_extension is not available"
		}
		return ""
	case sqlite.AuthPragma:
		return g.pragma(arg1, arg2)
	case sqlite.AuthAttach:
		// VACUUM attaches a nameless database for itself; VACUUM INTO names a file.
		if g.write && arg1 == "" {
			return ""
		}
		return "other files cannot be attached or written"
	case sqlite.AuthDetach:
		if g.write {
			return ""
		}
		return "DETACH is not available"
	}
	if g.query && ofRtree(action, arg1) {
		return ""
	}
	if !g.write {
		return "only statements that read are allowed here"
	}
	if _, known := writes()[action]; !known {
		return fmt.Sprintf("action %d of SQLite is not allowed", action)
	}
	return ""
}

// ofRtree holds for what an R-tree compiles for later when a query first needs
// it: statements that change the tables that it keeps itself in. No query can
// name them for itself, and the file stays open for reading alone.
func ofRtree(action sqlite.AuthorizerActionCode, table string) bool {
	switch action {
	case sqlite.AuthInsert, sqlite.AuthUpdate, sqlite.AuthDelete:
		return strings.HasSuffix(table, "_node") || strings.HasSuffix(table, "_rowid") || strings.HasSuffix(table, "_parent")
	}
	return false
}

// writes are the actions that only a writer may do.
func writes() map[sqlite.AuthorizerActionCode]struct{} {
	return map[sqlite.AuthorizerActionCode]struct{}{
		sqlite.AuthCreateIndex: {}, sqlite.AuthCreateTable: {}, sqlite.AuthCreateTrigger: {}, sqlite.AuthCreateView: {},
		sqlite.AuthCreateTempIndex: {}, sqlite.AuthCreateTempTable: {}, sqlite.AuthCreateTempTrigger: {}, sqlite.AuthCreateTempView: {},
		sqlite.AuthDropIndex: {}, sqlite.AuthDropTable: {}, sqlite.AuthDropTrigger: {}, sqlite.AuthDropView: {},
		sqlite.AuthDropTempIndex: {}, sqlite.AuthDropTempTable: {}, sqlite.AuthDropTempTrigger: {}, sqlite.AuthDropTempView: {},
		sqlite.AuthCreateVTable: {}, sqlite.AuthDropVTable: {},
		sqlite.AuthInsert: {}, sqlite.AuthUpdate: {}, sqlite.AuthDelete: {}, sqlite.AuthAlterTable: {},
		sqlite.AuthReindex: {}, sqlite.AuthAnalyze: {},
		sqlite.AuthTransaction: {}, sqlite.AuthSavepoint: {}, // SQLite's own: statements of that kind are refused before
	}
}

// pragma says why a pragma is refused; nothing if it is not.
func (g *guard) pragma(name, value string) string {
	switch strings.ToLower(name) {
	case "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list":
		return "" // the value names what to describe
	case "database_list", "collation_list", "function_list", "module_list", "pragma_list", "compile_options",
		"encoding", "page_size", "page_count", "freelist_count", "schema_version", "user_version", "application_id",
		"data_version", "foreign_keys", "journal_mode":
		if value == "" {
			return ""
		}
		if n := strings.ToLower(name); g.write && (n == "user_version" || n == "application_id") {
			return ""
		}
		return "PRAGMA " + name + " cannot be set"
	case "optimize":
		if g.write {
			return ""
		}
	}
	return "PRAGMA " + name + " is not available"
}
