// SPDX-License-Identifier: Apache-2.0

// A plugin that the tests start as a process of its own.

import { execFileSync } from "node:child_process";
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

plugin.tool({ name: "child" }, () => {
  const script =
    'read=$(head -c 5 | wc -c); echo "read $((read)) bytes, $(env | grep -c -e ^MCPHOST_PLUGIN= -e ^PLUGIN_) variables"';
  return execFileSync("sh", ["-c", script], { stdio: ["inherit", "pipe", "inherit"], timeout: 20_000 })
    .toString()
    .trim();
});

plugin.tool({ name: "stdin" }, async () => {
  for await (const data of process.stdin) {
    return String(data);
  }
  return "nothing";
});

plugin.onShutdown(() => {
  process.stderr.write("last words\n");
});

console.log("early chatter");
await plugin.run();
