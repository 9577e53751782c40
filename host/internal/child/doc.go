// SPDX-License-Identifier: Apache-2.0

// Package child turns the host's own surroundings into those of a plugin's process,
// whoever starts that: the part of the environment that it may see, the pipes of its
// three streams, and directories whose names tell who made them, so that the next run
// removes what a killed one has left. It starts no process, and does not know what a plugin is.
package child
