// SPDX-License-Identifier: Apache-2.0

// Package plugin turns a command into a running plugin, and typed calls into
// gRPC. It is the only room of the host that knows go-plugin, gRPC, processes
// and sockets. It does not know which plugins exist, under what names their
// tools are offered, when one is started again after it ended, or which
// version of MCP a client speaks.
//
// One Plugin is one life of one process. Start runs it through four phases
// (process, handshake, describe, configure); Done says that it is over; nothing
// brings it back.
//
// go-plugin is used for its handshake and its connection only. Its handling of
// the process is replaced (see process): it would hand the plugin the host's
// own stdin, could not be interrupted while it starts one, and would wait for
// grandchildren when it stops one.
package plugin
