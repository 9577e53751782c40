// SPDX-License-Identifier: Apache-2.0

// Keeps the pipes and the variables of the host, where one has started us, from
// everybody else: other modules of this process, and its children.
//
// Importing this module is what does it: whatever is imported and prints after
// it prints to standard error, the operator's log. It knows nothing of plugins.

import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { devNull } from "node:os";

// The cookie tells a host from a person; it is no secret.
const COOKIE_NAME = "MCPHOST_PLUGIN";
const COOKIE = "mcphost-plugin-v1";

/** What go-plugin tells a plugin. A child of ours must not take itself for one. */
const VARIABLES = [
  COOKIE_NAME,
  "PLUGIN_CLIENT_CERT",
  "PLUGIN_MAX_PORT",
  "PLUGIN_MIN_PORT",
  "PLUGIN_MULTIPLEX_GRPC",
  "PLUGIN_PROTOCOL_VERSIONS",
  "PLUGIN_UNIX_SOCKET_DIR",
  "PLUGIN_UNIX_SOCKET_GROUP",
];

/** What the host has given this process. */
export interface Host {
  /** Where the socket belongs. Empty: anywhere. */
  readonly socketDir: string;
  /** Writes the handshake line. */
  readonly handshake: (line: string) => void;
  /** Calls a function when the pipe ends that the host holds and never writes to. */
  readonly onGone: (gone: () => void) => void;
}

/** Undefined: no host has started this process. */
export const host: Host | undefined = guard();

function guard(): Host | undefined {
  if (process.env[COOKIE_NAME] !== COOKIE) {
    return undefined;
  }
  const socketDir = process.env["PLUGIN_UNIX_SOCKET_DIR"] ?? "";
  for (const name of VARIABLES) {
    delete process.env[name];
  }
  process.stdout.write = process.stderr.write.bind(process.stderr);
  const life = takeStdin();
  return {
    socketDir,
    handshake: (line) => {
      writeSync(1, `${line}\n`); // has left the process when this returns
    },
    onGone: (gone) => watch(life, gone),
  };
}

/**
 * Puts the null device in place of standard input, which children inherit: one
 * that read the host's pipe would wait forever, or take its end from us. Returns
 * where the pipe is now; 0, where the system does not let us open it again.
 */
function takeStdin(): number {
  try {
    if (!fstatSync(0).isFIFO()) {
      return 0;
    }
    // Node cannot duplicate a descriptor, but this opens what it refers to; closed in children.
    const life = openSync("/dev/fd/0", constants.O_RDONLY | constants.O_NONBLOCK);
    closeSync(0);
    openSync(devNull, constants.O_RDONLY); // the lowest that is free: 0
    return life;
  } catch {
    return 0;
  }
}

function watch(life: number, gone: () => void): void {
  const pipe = fstatSync(life);
  if (!pipe.isFIFO() && !pipe.isSocket()) {
    return; // a terminal, a file or the null device says nothing of the host
  }
  const stdin = life === 0 ? process.stdin : new Socket({ fd: life, readable: true, writable: false });
  stdin.on("end", gone);
  stdin.on("error", gone);
  stdin.resume();
}
