// SPDX-License-Identifier: Apache-2.0

// Runs tests against plugins that are served in the test's own process.

import { test } from "node:test";
import { Plugin, type PluginOptions, ProtocolError } from "@mcphost/plugin";
import { type Client, serve } from "@mcphost/plugin/testing";

/** Runs a test against a plugin that is served. */
export function served(
  name: string,
  run: (plugin: Plugin, connect: () => Promise<Client>) => Promise<void>,
  options: Partial<PluginOptions> = {},
): void {
  test(name, async () => {
    const plugin = new Plugin({ name: "p", version: "1", ...options });
    let client: Client | undefined;
    try {
      await run(plugin, async () => {
        client = await serve(plugin);
        return client;
      });
    } finally {
      client?.close();
    }
  });
}

/** Whether an error is a ProtocolError of this code. */
export function refused(code: string): (err: unknown) => boolean {
  return (err) => err instanceof ProtocolError && err.code === code;
}
