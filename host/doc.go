// SPDX-License-Identifier: Apache-2.0

// Package host is an MCP server whose abilities are plugins: subprocesses that
// speak gRPC, found and started when they are first needed. The program mcphost
// is a command line over this package; other programs embed it with [New].
//
//	s, err := host.New(host.Config{PluginDirs: []string{"plugins"}}, host.Options{})
//	if err != nil { ... }
//	defer s.Close(ctx)
//	err = s.ServeStdio(ctx, os.Stdin, os.Stdout)
//
// # The life of a tools/call
//
// A call passes through five stages that do not know each other. Each declares
// the small interface that it needs of the next, and host.go joins them.
//
//	bytes -> transport -> dispatch -> runner -> registry -> plugin
//	         stdio|http   ids, in      method    who owns    one subprocess,
//	                      flight,      table,    the name;   gRPC over a
//	                      cancel       versions  starts it   unix socket
//
// The transport cuts bytes into frames, and knows where what a frame causes must
// be written: back into the pipe, or into the HTTP exchange that brought it. It
// never looks inside. The dispatcher parses the envelope, remembers the id, runs
// a handler in a goroutine of its own and writes exactly one answer, or none if
// the client cancelled. A pipe has one dispatcher and an HTTP session of the
// older versions has one; a stateless POST has a tiny one that is over before
// the response ends.
//
// The runner decides the era of the request by the request itself, climbs the
// ladder of checks, looks the method up, decodes params, and gives every error
// the code that the client's version has for it. The registry finds the owner of
// the tool's name, starts it if need be, and shares that start with everybody
// who waits. The plugin room turns the call into one gRPC stream and its events
// back into progress, log and outcome.
//
// On the way back the result is appended, as the client's version knows it, to
// the pooled buffer that already holds the head of the response, and is written
// once. JSON that is only carried (arguments, schemas, structured content) is
// copied, never decoded.
//
// # What starts when
//
// New starts nothing. initialize and server/discover are answered from the
// configured plugin paths alone. The first list reads the plugin directories and
// starts all plugins, in parallel and bounded; a first call starts only the owner
// of its name. A plugin that fails is retried in the background and never hides
// the others. See the package comment of host/internal/registry.
//
// # What ends when
//
// At the end of its input a pipe answers what is in flight, then ends. When a
// server is asked to stop it takes no more, answers what it can for 2 s, cancels
// the rest, ends subscriptions with their result, closes connections, and then
// stops the plugins, each by request, then by signal. Nothing that was started
// is left behind, and a plugin outlives neither the host's exit nor its death.
//
// # Decisions that are easy to mistake for oversights
//
//   - A start that takes longer than 2 s gives its place to the next plugin:
//     otherwise a few that hang keep all others from starting for 30 s.
//   - A name that bears no configured prefix is answered as unknown at once,
//     unless a plugin without prefix could own it. Waiting for all plugins would
//     make each typing mistake as slow as the slowest of them.
//   - A raw content block of a kind that a client's version does not have is sent
//     as its fallback text, because strict clients drop the whole result.
//   - A cancelled call frees its place before its plugin is done with it: the
//     plugin may take its time, other callers need not.
package host
