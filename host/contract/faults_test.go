// SPDX-License-Identifier: Apache-2.0

//go:build unix

package contract

import "slices"

// A planted fault is what can be wrong with a plugin, with the rule that finds it
// and what the rule says.
type planted struct {
	fault   string
	rule    string
	verdict Verdict
	says    string
}

func faults() []planted {
	return slices.Concat(startFaults(), listFaults(), callFaults(), lifeFaults())
}

func startFaults() []planted {
	return []planted{
		{"serves anybody", "handshake/cookie", Fail, "goes on"},
		{"prints without the cookie", "handshake/cookie", Warn, "print to standard error"},
		{"dies", "handshake/line", Fail, "cannot find libplugin"},
		{"says nothing", "handshake/line", Fail, "prints nothing"},
		{"forgets the newline", "handshake/line", Fail, "no newline"},
		{"chats before the handshake", "handshake/stdout", Fail, "loading..."},
		{"speaks another version", "handshake/version", Fail, "protocol version 9"},
		{"has an open socket", "handshake/socket", Fail, "0777"},
		{"listens elsewhere", "handshake/socket", Fail, "not in PLUGIN_UNIX_SOCKET_DIR"},
		{"starts slowly", "handshake/speed", Warn, "it takes 2."},
		{"has no health", "services/health", Fail, "no health service"},
		{"has no controller", "services/controller", Fail, "no plugin.GRPCController"},
		{"ends the stdio stream", "services/stdio", Fail, "ends by itself"},
		{"has no name", "describe/name", Warn, `the name ""`},
		{"promises subscriptions", "describe/abilities", Fail, "subscriptions"},
		{"has a wrong settings schema", "configure/schema", Fail, "unusable"},
		{"takes any setting", "configure/unknown", Warn, "misspelled"},
	}
}

func listFaults() []planted {
	return []planted{
		{"lists without end", "lists/end", Fail, "comes again"},
		{"never lists", "lists/end", Fail, "ListTools: it cannot be read within"},
		{"changes revisions", "lists/stable", Fail, "revisions"},
		{"misnames a tool", "tools/names", Fail, "count to n"},
		{"lists a tool twice", "tools/unique", Fail, "listed twice"},
		{"has a wrong input schema", "tools/input-schema", Fail, "input schema is unusable"},
		{"takes an array", "tools/object", Fail, "at the root"},
		{"has a wrong output schema", "tools/output-schema", Fail, "output schema is unusable"},
		{"describes nothing", "tools/description", Warn, "a model chooses"},
		{"lists a nameless resource", "resources/definitions", Fail, "has no name"},
		{"reads nothing", "resources/read", Fail, "no contents"},
		{"invents resources", "resources/unknown", Fail, "NOT_FOUND"},
		{"lists a prompt twice", "prompts/definitions", Fail, "listed twice"},
		{"fills in no prompt", "prompts/get", Fail, "instead of an outcome"},
		{"suggests too much", "completions/bounded", Warn, "page of patient://{kind}{?page} has 101"},
		{"suggests nothing", "completions/bounded", Skip, "of 3 arguments none"},
		{"watches without revisions", "watch/begin", Fail, "not with the revisions"},
	}
}

func callFaults() []planted {
	return []planted{
		{"answers twice", "calls/outcome", Fail, "2 outcomes"},
		{"does not answer", "calls/outcome", Fail, "0 outcomes"},
		{"answers with a status", "calls/outcome", Fail, "status Internal"},
		{"sends a picture of no kind", "calls/content", Fail, "no MIME type"},
		{"breaks its output schema", "calls/structured", Fail, "does not conform"},
		{"counts backwards", "calls/progress", Fail, "must grow"},
		{"reports after the outcome", "calls/progress", Fail, "after the outcome"},
		{"crashes on bad arguments", "calls/bad-arguments", Fail, "process died: exit status 2"},
		{"knows every tool", "calls/unknown-tool", Fail, "NOT_FOUND"},
		{"locks itself out", "calls/concurrency", Fail, "locked"},
		{"ignores cancellation", "calls/cancellation", Fail, "goes on"},
		{"is bounded and ignores cancellation", "calls/cancellation", Fail, "goes on"},
		{"refuses large numbers", "calls/cancellation", Skip, "a tool error before anything"},
		{"is silent at large numbers", "calls/cancellation", Skip, "no progress"},
		{"takes small messages only", "calls/large-message", Fail, "64 MiB"},
		{"prints in calls", "calls/stdout", Warn, "called"},
	}
}

func lifeFaults() []planted {
	return []planted{
		{"hangs at shutdown", "life/shutdown", Fail, "still runs"},
		{"exits with status 3", "life/exit-status", Fail, "exit status 3"},
		{"drops calls at shutdown", "life/call-first", Fail, "asked to stop"},
		{"fails at large numbers", "life/call-first", Skip, "status Internal before anything"},
		{"dies of SIGTERM", "life/sigterm", Fail, "SIGTERM"},
		{"outlives its host", "life/host-gone", Fail, "lives on"},
		{"dies of an interrupt", "life/interrupt", Fail, "SIGINT"},
		{"starts a child", "life/children", Fail, "1 process"},
		{"starts a child that holds its output", "life/children", Fail, "1 process"},
		{"starts once", "life/restart", Fail, "not again"},
		{"keeps data", "life/files", Pass, ""},
		{"leaves its socket", "life/files", Warn, "is left"},
		{"leaks", "cost/memory", Fail, "something is kept"},
		{"dies of use", "cost/memory", Fail, "process died: exit status 9"},
		{"hangs after use", "cost/latency", Fail, "no end after"},
	}
}
