// SPDX-License-Identifier: Apache-2.0

// A plugin that the tests start as a process of its own.

import { setTimeout as sleep } from "node:timers/promises";
import { Plugin } from "@mcphost/plugin";

const plugin = new Plugin({ name: "fixture", version: "1" });

plugin.tool({ name: "chat" }, () => {
  console.log("chatter");
  void Promise.reject(new Error("forgotten"));
  return "said";
});

plugin.tool({ name: "slow" }, async (_, call) => {
  call.progress(1);
  await sleep(300);
  return "done";
});

plugin.onShutdown(() => {
  process.stderr.write("last words\n");
});

console.log("early chatter");
await plugin.run();
