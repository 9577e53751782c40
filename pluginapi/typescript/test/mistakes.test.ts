// SPDX-License-Identifier: Apache-2.0

// What becomes of an author's mistakes, and of what only looks like one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { DeclarationError, InputRequired, Plugin, ProtocolError, prefixCompletion, ToolError } from "@mcphost/plugin";
import { z } from "zod";
import { wireCompletion } from "#kit/results.js";
import { refused, served } from "./served.js";

const late = (ability: string) => (err: unknown) =>
  err instanceof DeclarationError && err.message.includes(`abilities: ["${ability}"]`);

served("a call that has ended well is not aborted afterwards", async (plugin, connect) => {
  const signals: AbortSignal[] = [];
  plugin.tool({ name: "work" }, (_, call) => {
    signals.push(call.signal);
    return "done";
  });
  plugin.tool({ name: "ask" }, async (_, call) => {
    signals.push(call.signal);
    return `${(await call.roots("where")).length}`;
  });
  const client = await connect();
  assert.equal((await client.callTool("work")).text, "done");
  assert.equal((await client.callTool("ask", {}, { answer: () => ({ roots: [] }) })).text, "0");
  await client.listTools(); // behind the ends of the streams
  await turn();
  assert.deepEqual(
    signals.map((signal) => signal.aborted),
    [false, false, false],
  );
});

served("whatever is thrown is answered", async (plugin, connect) => {
  const boom = (): never => {
    throw new Error("boom");
  };
  const circle: Record<string, unknown> = {};
  circle["self"] = circle;
  const thrown: Record<string, unknown> = {
    getter: Object.defineProperty({}, "message", { get: boom, enumerable: true }),
    error: Object.defineProperty(new Error("e"), "stack", { get: boom }),
    tool: Object.defineProperty(new ToolError("t"), "message", { get: boom }),
    number: Object.defineProperty(new ToolError("t"), "message", { value: 7 }),
    proxy: new Proxy({}, { get: boom, getPrototypeOf: boom, ownKeys: boom }),
    revoked: revoked(),
    circle,
    symbol: Symbol("s"),
    nothing: undefined,
  };
  const input = z.object({ what: z.string() });
  plugin.tool({ name: "throw", input }, ({ what }) => {
    throw thrown[what];
  });
  plugin.prompt(
    { name: "throw", arguments: { what: { required: true, complete: (what) => Promise.reject(thrown[what]) } } },
    ({ what }) => {
      throw thrown[what];
    },
  );
  plugin.tool({ name: "return", input }, ({ what }) => thrown[what] as string);
  plugin.tool({ name: "data" }, () => {
    throw new ProtocolError("invalid params", "wrong", { data: circle });
  });
  const client = await connect();
  for (const what of Object.keys(thrown)) {
    const got = await client.callTool("throw", { what });
    assert.deepEqual([got.isError, got.text], [true, "internal error"], what);
    await assert.rejects(client.getPrompt("throw", { what }), refused("internal"), what);
    await assert.rejects(client.completePrompt("throw", "what", what), /internal error/, what);
    await client.callTool("return", { what });
  }
  assert.equal((await client.callTool("data")).text, "internal error");
});

served("what cannot be read is left out of the log, and the rest is written", async (plugin, connect) => {
  plugin.tool({ name: "log" }, (_, call) => {
    call.logger.info("said", { proxy: revoked(), n: 1n });
    return "logged";
  });
  assert.equal((await (await connect()).callTool("log")).text, "logged");
});

served("a person is sent to URLs only", async (plugin, connect) => {
  const input = z.object({ url: z.string() });
  plugin.tool({ name: "visit", input }, ({ url }, call) => call.elicitUrl("pay", "Pay", url));
  const params = { mode: "url", message: "Pay" };
  const request = { key: "pay", method: "elicitation/create", params } as const;
  plugin.tool({ name: "byHand" }, () => new InputRequired([request]));
  const client = await connect();
  const answer = () => ({ action: "accept" });
  for (const url of ["", "example.com", "https://", "not a url", "//example.com/x", "https://[::1"]) {
    const got = await client.callTool("visit", { url }, { answer });
    assert.deepEqual([got.isError, got.report.questions], [true, []]);
    assert.ok(got.text.startsWith(`question "pay": ${JSON.stringify(url)} is no URL`), got.text);
  }
  assert.match((await client.callTool("byHand", {}, { answer })).text, /"pay": undefined is no URL/);
  for (const url of ["https://example.com/x?ü=1", "http://localhost:1", "app:open"]) {
    assert.equal((await client.callTool("visit", { url }, { answer })).text, "accept");
  }
});

test("suggestions are cut at what MCP allows, and say so", () => {
  const many = Array.from({ length: 150 }, (_, i) => `n${i}`);
  const complete = async (typed: string) => wireCompletion(await prefixCompletion(many)(typed, {}));
  return Promise.all([complete("N"), complete("n14"), complete("x")]).then(([all, some, none]) => {
    assert.deepEqual([all.values, all.total, all.hasMore], [many.slice(0, 100), 150, true]);
    assert.deepEqual([some.values.length, some.total, some.hasMore], [11, undefined, false]);
    assert.deepEqual([none.values, none.hasMore], [[], false]);
    const told = wireCompletion({ values: many, total: 7000 });
    assert.deepEqual([told.values.length, told.total, told.hasMore], [100, 7000, true]);
    const more = wireCompletion({ values: many, hasMore: true });
    assert.deepEqual([more.values.length, more.total, more.hasMore], [100, undefined, true]);
  });
});

served("what nobody was told of cannot come later", async (plugin, connect) => {
  plugin.tool({ name: "first" }, () => "");
  await connect();
  plugin.tool({ name: "second" }, () => "");
  assert.throws(() => plugin.resource("a://b", { name: "b" }, () => ""), late("resources"));
  assert.throws(() => plugin.resourceTemplate("a://{b}", { name: "b" }, () => ""), late("resources"));
  assert.throws(() => plugin.prompt({ name: "p" }, () => ""), late("prompts"));
  assert.throws(() => plugin.onSubscriptions((uris) => uris), late("subscriptions"));
});

served("what comes late can be read, though it can do no more than was announced", async (plugin, connect) => {
  const options = { name: "b", subscribable: true };
  const complete = prefixCompletion(["a"]);
  plugin.resource("a://a", { name: "a" }, () => "");
  plugin.prompt({ name: "p" }, () => "");
  const client = await connect();
  assert.throws(() => plugin.tool({ name: "t" }, () => ""), late("tools"));
  plugin.resource("a://b", options, () => "held");
  plugin.resourceTemplate("b://{b}", { name: "b", complete: { b: complete } }, () => "of a family");
  plugin.prompt({ name: "q", arguments: { a: { complete } } }, () => "");
  assert.deepEqual(await client.readResource("a://b"), ["held"]);
  assert.deepEqual(await client.readResource("b://x"), ["of a family"]);
});

served(
  "what is announced can come later, and clients are told",
  async (plugin, connect) => {
    const client = await connect();
    const stop = new AbortController();
    const changes = client.changes(stop.signal);
    const next = changes.next();
    await client.listTools(); // behind the request for changes
    plugin.resource("a://b", { name: "b", subscribable: true }, () => "held");
    assert.equal((await next).value, "resources");
    plugin.prompt({ name: "p", arguments: { a: { complete: () => ["x"] } } }, () => "");
    assert.equal((await changes.next()).value, "prompts");
    assert.deepEqual(await client.readResource("a://b"), ["held"]);
    assert.deepEqual(await client.subscribe(["a://b"]), ["a://b"]);
    assert.deepEqual(await client.completePrompt("p", "a", ""), ["x"]);
    stop.abort();
    assert.throws(() => plugin.tool({ name: "t" }, () => ""), late("tools"));
  },
  { abilities: ["resources", "prompts", "completions", "subscriptions"] },
);

test("an ability that there is not is a mistake that is told", () => {
  const abilities = ["tool"] as unknown as ["tools"];
  assert.throws(() => new Plugin({ name: "p", version: "1", abilities }), /"tool" is no ability; there are tools, /);
});

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
