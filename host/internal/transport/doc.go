// SPDX-License-Identifier: Apache-2.0

// Package transport turns bytes into frames and frames into bytes: over a pair
// of pipes ([Stdio]) and over Streamable HTTP or the older HTTP+SSE ([HTTP]). It
// knows lines, HTTP and server-sent events. It never looks inside a frame: which
// protocol era a POST belongs to, what its version can do, and which HTTP status
// an error deserves, it is told by the functions in [HTTPOptions].
//
// Every frame comes with the Reply that carries what the frame causes. On stdio
// that is the one pipe; on HTTP it is the response to the POST, which stays
// undecided between plain JSON and an event stream until the first write. In a
// session whose client can resume, what such a stream carries is kept for a
// while, so that a GET can go on where the client lost it, or was let go.
package transport
