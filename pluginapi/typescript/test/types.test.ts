// SPDX-License-Identifier: Apache-2.0

// What compiles, and what must not. That it does what it says is tested too.

import assert from "node:assert/strict";
import { InputRequired, ToolResult, text } from "@mcphost/plugin";
import { z } from "zod";
import { served } from "./served.js";

served("content is written where it is returned", async (plugin, connect) => {
  plugin.tool({ name: "one" }, () => ({ type: "resource_link", uri: "a://b", name: "b" }));
  plugin.tool({ name: "list" }, () => [{ type: "resource_link", uri: "a://b", name: "b" }]);
  plugin.tool({ name: "async" }, async () => [{ type: "resource_link", uri: "a://b", name: "b" }]);
  plugin.tool({ name: "mixed", input: z.object({ n: z.int().default(1) }) }, async ({ n }, call) => [
    text(`${n} ${call.caller.requestId}`),
    { type: "resource_link", uri: "a://b", name: "b" },
    { type: "resource", resource: { uri: "a://b", contents: "held" } },
  ]);
  plugin.prompt({ name: "link" }, () => ({
    role: "user",
    content: { type: "resource_link", uri: "a://b", name: "b" },
  }));
  const client = await connect();
  for (const name of ["one", "list", "async"]) {
    assert.deepEqual(
      (await client.callTool(name)).content.map(({ kind }) => kind.case),
      ["resourceLink"],
    );
  }
  assert.equal((await client.callTool("mixed")).content.length, 3);
});

served("choices of an output are written where they are returned", async (plugin, connect) => {
  const output = z.object({ mode: z.enum(["a", "b"]), tags: z.array(z.enum(["x"])), level: z.literal(1) });
  plugin.tool({ name: "plain", output }, () => ({ mode: "a", tags: ["x"], level: 1 }));
  plugin.tool({ name: "async", output, input: z.object({}) }, async () => ({ mode: "a", tags: ["x"], level: 1 }));
  const client = await connect();
  for (const name of ["plain", "async"]) {
    assert.deepEqual((await client.callTool(name)).structured, { mode: "a", tags: ["x"], level: 1 });
  }
});

served("what a tool may return is checked by the compiler", async (plugin) => {
  const output = z.object({ mode: z.enum(["a", "b"]), n: z.number() });
  plugin.tool({ name: "whole", output }, () => new ToolResult({ structured: { mode: "a", n: 1 } }));
  plugin.tool({ name: "rounds", output }, async () => new InputRequired([]));
  plugin.tool({ name: "by hand", output: { type: "object" } }, () => ({ any: "thing" }));
  plugin.tool({ name: "nothing" }, async () => {});
  // @ts-expect-error: no content
  plugin.tool({ name: "t" }, () => ({ a: 1 }));
  // @ts-expect-error: no content
  plugin.tool({ name: "t" }, () => 7);
  // @ts-expect-error: no content
  plugin.tool({ name: "t" }, async () => [{ mode: "a" }]);
  // @ts-expect-error: no such content
  plugin.tool({ name: "t" }, () => ({ type: "resource_lnk", uri: "a://b", name: "b" }));
  // @ts-expect-error: no such choice
  plugin.tool({ name: "t", output }, () => ({ mode: "c", n: 1 }));
  // @ts-expect-error: a member is missing
  plugin.tool({ name: "t", output }, async () => ({ mode: "a" }));
  // @ts-expect-error: of another type
  plugin.tool({ name: "t", output }, () => ({ mode: "a", n: "1" }));
  // @ts-expect-error: content, where an output is promised
  plugin.tool({ name: "t", output }, () => text("a"));
  // @ts-expect-error: nothing, where an output is promised
  plugin.tool({ name: "t", output }, () => {});
});
