// SPDX-License-Identifier: Apache-2.0

// Package transport turns bytes into frames and frames into bytes: over a pair
// of pipes ([Stdio]) and over Streamable HTTP ([HTTP]). It knows lines, HTTP
// and server-sent events. It never looks inside a frame: which protocol era a
// POST belongs to, and which HTTP status an error deserves, it is told by the
// functions in [HTTPOptions].
//
// Every frame comes with the Reply that carries what the frame causes. On stdio
// that is the one pipe; on HTTP it is the response to the POST, which stays
// undecided between plain JSON and an event stream until the first write.
package transport
