// SPDX-License-Identifier: Apache-2.0

// Keeps standard output for the handshake line, where a host started us.
//
// Importing this module is what does it: whatever is imported and prints after
// it prints to standard error, the operator's log. It knows nothing of plugins.

import { writeSync } from "node:fs";

// The cookie tells a host from a person; it is no secret.
const COOKIE_NAME = "MCPHOST_PLUGIN";
const COOKIE = "mcphost-plugin-v1";

/** Writes the handshake line. Undefined: no host has started this process. */
export const handshake: ((line: string) => void) | undefined = guard();

function guard(): ((line: string) => void) | undefined {
  if (process.env[COOKIE_NAME] !== COOKIE) {
    return undefined;
  }
  // Children of this process must not take themselves for plugins.
  delete process.env[COOKIE_NAME];
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return (line) => {
    writeSync(1, `${line}\n`); // has left the process when this returns
  };
}
