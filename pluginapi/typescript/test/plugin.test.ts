// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { once } from "node:events";
import {
  InputRequired,
  image,
  notFound,
  PromptResult,
  prefixCompletion,
  ToolError,
  ToolResult,
  text,
} from "@mcphost/plugin";
import { z } from "zod";
import { refused, served } from "./served.js";

served("functions are tools, and say how far they are", async (plugin, connect) => {
  plugin.tool({ name: "add", input: z.object({ n: z.int() }) }, async ({ n }, call) => {
    call.progress(1, 2, "half");
    call.progress(1, 2, "again");
    call.log("info", "working", { step: 1 });
    return `${n + 1}`;
  });
  plugin.tool({ name: "plain" }, () => "plain");
  const client = await connect();
  const first = await client.callTool("add", { n: 1 });
  assert.equal(first.text, "2");
  assert.equal(first.structured, undefined);
  assert.deepEqual(first.report.progress, [{ done: 1, total: 2, message: "half" }]);
  assert.deepEqual(first.report.logs, [{ level: "info", data: { message: "working", step: 1 } }]);
  assert.equal((await client.callTool("plain")).text, "plain");
});

served("results say what they are", async (plugin, connect) => {
  plugin.tool({ name: "person", output: z.object({ name: z.string() }) }, () => ({ name: "Ada" }));
  plugin.tool({ name: "nothing" }, () => {});
  plugin.tool({ name: "blocks" }, () => [text("a"), image(new Uint8Array([1]), "image/png"), text("b")]);
  const parts = { content: ["no"], isError: true, meta: { k: 1 } };
  plugin.tool({ name: "whole" }, () => new ToolResult(parts));
  const client = await connect();
  const person = await client.callTool("person");
  assert.deepEqual([person.structured, person.text], [{ name: "Ada" }, '{"name":"Ada"}']);
  assert.equal((await client.callTool("nothing")).content.length, 0);
  const blocks = await client.callTool("blocks");
  assert.deepEqual([blocks.text, blocks.content[1]?.kind.case], ["a\nb", "image"]);
  const failed = await client.callTool("whole");
  assert.deepEqual([failed.isError, failed.text, failed.meta], [true, "no", { k: 1 }]);
});

served("a result that breaks its promise is a bug, not the model's", async (plugin, connect) => {
  const wrong = { name: 3 } as unknown as { name: string };
  plugin.tool({ name: "person", output: z.object({ name: z.string() }) }, () => wrong);
  plugin.tool({ name: "odd" }, () => ({ a: 1 }) as unknown as string);
  const client = await connect();
  for (const name of ["person", "odd"]) {
    const got = await client.callTool(name);
    assert.deepEqual([got.isError, got.text], [true, "internal error"]);
  }
});

served("mistakes are told apart", async (plugin, connect) => {
  plugin.tool({ name: "fail", input: z.object({ how: z.string() }) }, ({ how }) => {
    if (how === "tool") {
      throw new ToolError("say please");
    }
    if (how === "protocol") {
      throw notFound("gone");
    }
    throw new RangeError("secret");
  });
  const client = await connect();
  assert.equal((await client.callTool("fail", { how: "tool" })).text, "say please");
  assert.equal((await client.callTool("fail", { how: "bug" })).text, "internal error");
  assert.equal((await client.callTool("fail")).text, "invalid arguments: how: is missing");
  await assert.rejects(client.callTool("fail", { how: "protocol" }), refused("not found"));
  await assert.rejects(client.callTool("absent"), refused("not found"));
});

served("questions are asked in a straight line", async (plugin, connect) => {
  let made = 0;
  plugin.tool({ name: "order" }, async (_, call) => {
    const number = await call.memo("number", async () => ++made);
    const person = await call.elicit(z.object({ name: z.string() }), "who", "Who?");
    const action = await call.elicitUrl("pay", "Pay", "https://example.com");
    const model = await call.sample("model", ["Hello", { role: "assistant", content: "Hi" }], { maxTokens: 5 });
    return `${number} ${person.accepted && person.value.name} ${action} ${model.text}`;
  });
  const replies: Record<string, unknown> = {
    who: { action: "accept", content: { name: "Ada" } },
    pay: { action: "accept" },
    model: { role: "assistant", model: "m", content: [{ type: "text", text: "Hey" }] },
  };
  const client = await connect();
  const asked: unknown[] = [];
  const answer = (key: string, method: string, params: unknown) => {
    asked.push([method, params]);
    return replies[key];
  };
  const got = await client.callTool("order", {}, { answer });
  assert.equal(got.text, "1 Ada accept Hey");
  assert.deepEqual(got.report.questions, ["who", "pay", "model"]);
  assert.equal(made, 1);
  assert.deepEqual(asked[0], [
    "elicitation/create",
    {
      mode: "form",
      message: "Who?",
      requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    },
  ]);
});

served("several questions share a round", async (plugin, connect) => {
  const form = z.object({ name: z.string() });
  plugin.tool({ name: "both" }, async (_, call) => {
    const [person, folders] = await Promise.all([call.elicit(form, "who", "Who?"), call.roots("where")]);
    return `${person.action} ${folders.length}`;
  });
  plugin.tool({ name: "later" }, async (_, call) => {
    const folders = call.roots("where");
    const person = call.elicit(form, "who", "Who?");
    return `${(await person).action} ${(await folders).length}`;
  });
  const replies: Record<string, unknown> = { who: { action: "decline" }, where: { roots: [{ uri: "file:///a" }] } };
  const client = await connect();
  for (const name of ["both", "later"]) {
    let rounds = 0;
    const got = await client.callTool(
      name,
      {},
      {
        answer: (key) => {
          rounds++;
          return replies[key];
        },
      },
    );
    assert.equal(got.text, "decline 1");
    assert.deepEqual(got.report.questions.toSorted(), ["where", "who"]);
    assert.equal(rounds, 2, "each is asked once");
  }
  await assert.rejects(client.callTool("both", {}, { capabilities: { roots: true } }), refused("missing capability"));
});

served("a question is asked though the author catches what it throws", async (plugin, connect) => {
  plugin.tool({ name: "careless" }, async (_, call) => {
    try {
      return `${(await call.roots("where")).length} folders`;
    } catch {
      return "caught";
    }
  });
  const client = await connect();
  const got = await client.callTool("careless", {}, { answer: () => ({ roots: [] }) });
  assert.equal(got.text, "0 folders");
});

served("an answer that does not fit is asked for once more", async (plugin, connect) => {
  plugin.tool({ name: "who" }, async (_, call) => {
    const person = await call.elicit(z.object({ age: z.int() }), "age", "How old?");
    return `${person.accepted && person.value.age}`;
  });
  const client = await connect();
  const ages = ["old", 7];
  const second = await client.callTool(
    "who",
    {},
    { answer: () => ({ action: "accept", content: { age: ages.shift() } }) },
  );
  assert.equal(second.text, "7");
  const never = await client.callTool("who", {}, { answer: () => ({ action: "accept", content: {} }) });
  assert.deepEqual([never.isError, never.report.questions], [true, ["age", "age"]]);
  assert.match(never.text, /no answer to the question "age".*age: is missing/);
});

served("changed keys are a mistake that is told", async (plugin, connect) => {
  const keys = ["one", "two"];
  plugin.tool({ name: "fickle" }, async (_, call) => `${await call.roots(keys.shift() ?? "")}`);
  const client = await connect();
  const got = await client.callTool("fickle", {}, { answer: () => ({ roots: [] }) });
  assert.equal(got.isError, true);
  assert.match(got.text, /asks "two" where it asked "one"/);
});

served("what a call asks and keeps is bounded", async (plugin, connect) => {
  plugin.tool({ name: "same" }, (_, call) =>
    Promise.all([call.roots("k"), call.elicitUrl("k", "", "x:")]).then(() => ""),
  );
  plugin.tool({ name: "many" }, async (_, call) => {
    await Promise.all(Array.from({ length: 33 }, (_, i) => call.roots(`${i}`)));
  });
  plugin.tool({ name: "long" }, async (_, call) => {
    await call.memo("m", () => "x".repeat(70_000));
    await call.roots("k");
  });
  plugin.tool({ name: "nameless" }, async (_, call) => `${await call.roots("")}`);
  const says = {
    same: /two different questions have the key "k"/,
    many: /33 questions/,
    long: /limit is 65536/,
    nameless: /1 to 128/,
  };
  const client = await connect();
  for (const [name, pattern] of Object.entries(says)) {
    const got = await client.callTool(name, {}, { answer: () => ({ roots: [] }) });
    assert.equal(got.isError, true, name);
    assert.match(got.text, pattern);
  }
});

served("rounds can be taken by hand", async (plugin, connect) => {
  plugin.tool({ name: "manual" }, (_, call) => {
    const given = call.answers().get("roots");
    if (!given) {
      return new InputRequired([{ key: "roots", method: "roots/list" }], Buffer.from("\0kept"));
    }
    return `${JSON.stringify(given)} ${JSON.stringify(Buffer.from(call.state).toString())}`;
  });
  const client = await connect();
  const got = await client.callTool("manual", {}, { answer: () => ({ roots: [] }) });
  assert.equal(got.text, '{"result":{"roots":[]}} "\\u0000kept"');
});

served("resources, prompts and completion", async (plugin, connect) => {
  plugin.resource("a://b", { name: "b" }, () => "fixed");
  plugin.resourceTemplate(
    "a://n/{x}",
    { name: "n", complete: { x: prefixCompletion(["one", "two"]) } },
    ({ x }, _, uri) => [{ contents: Buffer.from(x) }, { contents: uri, uri: "a://other" }],
  );
  plugin.prompt(
    {
      name: "hello",
      arguments: { who: { required: true }, how: { complete: (typed, { who = "" }) => ({ values: [typed + who] }) } },
    },
    ({ who, how = "kindly" }) =>
      new PromptResult({ messages: [`${who} ${how}`, { role: "assistant", content: "yes" }] }),
  );
  const client = await connect();
  assert.deepEqual(await client.readResource("a://b"), ["fixed"]);
  assert.deepEqual((await client.readResource("a://n/%41")).map(String), ["A", "a://n/%41"]);
  assert.deepEqual(await client.getPrompt("hello", { who: "Ada" }), ["Ada kindly", "yes"]);
  assert.deepEqual(await client.completePrompt("hello", "how", "x", { who: "Ada" }), ["xAda"]);
  assert.deepEqual(await client.completePrompt("hello", "who", "x"), []);
  assert.deepEqual(await client.completeTemplate("a://n/{x}", "x", "T"), ["two"]);
  await assert.rejects(client.completeTemplate("a://{x}", "x", ""), refused("not found"));
  await assert.rejects(client.readResource("a://c"), refused("not found"));
  await assert.rejects(client.getPrompt("hello"), refused("invalid params"));
  await assert.rejects(client.getPrompt("hello", { who: "a", age: "3" }), refused("invalid params"));
});

served("changes are told while they happen", async (plugin, connect) => {
  plugin.prompt({ name: "old" }, () => "");
  plugin.resource("a://b", { name: "b", subscribable: true }, () => "");
  plugin.resource("a://c", { name: "c" }, () => "");
  plugin.tool({ name: "first" }, () => "");
  const client = await connect();
  assert.deepEqual(await client.subscribe(["a://b", "a://c", "a://d"]), ["a://b"]);
  const stop = new AbortController();
  const changes = client.changes(stop.signal);
  const next = changes.next();
  plugin.resourceUpdated("a://c"); // nobody asked
  plugin.resourceUpdated("a://b");
  assert.equal((await next).value, "a://b");
  plugin.tool({ name: "first" }, () => "other code, same definition");
  plugin.removeTool("absent");
  plugin.prompt({ name: "new" }, () => "");
  assert.equal((await changes.next()).value, "prompts");
  plugin.removeTool("first");
  assert.equal((await changes.next()).value, "tools");
  stop.abort();
  assert.equal((await changes.next()).done, true);
});

served("settings are checked", async (plugin, connect) => {
  const got: unknown[] = [];
  plugin.onConfigure(z.object({ name: z.string() }), ({ name }) => {
    if (name === "") {
      throw new ToolError("a name, please");
    }
    got.push(name);
  });
  const client = await connect();
  await client.configure({ name: "Ada" });
  assert.deepEqual(got, ["Ada"]);
  await assert.rejects(client.configure({ name: "" }), /a name, please/);
  await assert.rejects(client.configure({}), /settings\.name: is missing/);
  await assert.rejects(client.configure({ name: "a", x: 1 }), /settings\.x: is not known; there are name/);
});

served("a plugin without settings takes none", async (_, connect) => {
  const client = await connect();
  await client.configure({});
  await assert.rejects(client.configure({ x: 1 }), /takes no settings/);
});

served("a cancelled call is told to stop", async (plugin, connect) => {
  let begun = () => {};
  const beginning = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let aborted: Promise<unknown> | undefined;
  plugin.tool({ name: "hang" }, async (_, call) => {
    aborted = once(call.signal, "abort");
    begun();
    await aborted;
  });
  const client = await connect();
  const cancel = new AbortController();
  const calling = client.callTool("hang", {}, { signal: cancel.signal });
  await beginning;
  cancel.abort();
  await assert.rejects(calling);
  await aborted;
});

served("a caller who does not want to hear is not told", async (plugin, connect) => {
  plugin.tool({ name: "late" }, (_, call) => {
    queueMicrotask(() => setImmediate(() => call.progress(2))); // when it is over
    call.progress(1);
  });
  const client = await connect();
  const got = await client.callTool("late");
  assert.deepEqual(
    got.report.progress.map(({ done }) => done),
    [1],
  );
});
