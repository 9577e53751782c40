// SPDX-License-Identifier: Apache-2.0

// Every ability of a plugin, once. The other tours are the same plugin in other languages.

import { setTimeout as sleep } from "node:timers/promises";
import { image, invalidParams, LOG_LEVELS, notFound, Plugin, prefixCompletion, ToolError } from "@mcphost/plugin";
import { z } from "zod";

// The smallest PNG.
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYPj/HwADAgH/eUe4QwAAAABJRU5ErkJggg==",
  "base64",
);
const CLOCK = "tour://clock";

let greeting = "Hello";
let now = 0;

const plugin = new Plugin({
  name: "tour-typescript",
  version: "1.0.0",
  title: "Tour",
  description: "Every ability of a plugin, once.",
});

plugin.onConfigure(
  z.object({ greeting: z.string().describe("the word to greet with").default("Hello") }),
  (settings) => {
    greeting = settings.greeting;
  },
);

plugin.tool(
  {
    name: "greet",
    title: "Greet",
    description: "Say hello to someone.",
    readOnly: true,
    input: z.object({ who: z.string().describe("whom to greet") }),
  },
  ({ who }) => `${greeting}, ${who}!`,
);

plugin.tool(
  {
    name: "count",
    description: "Count to n, slowly.",
    readOnly: true,
    input: z.object({
      n: z.int().min(0).describe("where to stop"),
      delay_ms: z.int().min(0).describe("milliseconds before each number").default(0),
    }),
  },
  async ({ n, delay_ms }, call) => {
    for (let i = 1; i <= n; i++) {
      await sleep(delay_ms, undefined, { signal: call.signal });
      call.progress(i, n, `counted ${i}`);
    }
    return `Counted to ${n}.`;
  },
);

plugin.tool(
  {
    name: "stats",
    description: "Count, add up and average numbers.",
    readOnly: true,
    input: z.object({ numbers: z.array(z.number()).describe("at least one") }),
    output: z.object({ count: z.int(), sum: z.number(), mean: z.number() }),
  },
  ({ numbers }) => {
    if (numbers.length === 0) {
      throw new ToolError("numbers must not be empty");
    }
    const sum = numbers.reduce((total, one) => total + one, 0);
    return { count: numbers.length, sum, mean: sum / numbers.length };
  },
);

plugin.tool(
  {
    name: "fill",
    description: "Return that many letters x.",
    readOnly: true,
    input: z.object({ bytes: z.int().min(0).describe("how many") }),
  },
  ({ bytes }) => "x".repeat(bytes),
);

plugin.tool({ name: "picture", description: "Return an image.", readOnly: true }, () => image(PNG, "image/png"));

plugin.tool(
  {
    name: "fail",
    description: "Fail, in one of three ways.",
    readOnly: true,
    input: z.object({ how: z.string().describe("error, crash or protocol") }),
  },
  ({ how }) => {
    switch (how) {
      case "crash":
        throw new RangeError("asked to crash");
      case "protocol":
        throw invalidParams("asked to fail");
      default:
        throw new ToolError("asked to fail");
    }
  },
);

plugin.tool(
  {
    name: "say",
    description: "Send the client a log message.",
    readOnly: true,
    input: z.object({ level: z.string().describe("as MCP names it, such as warning"), message: z.string() }),
  },
  ({ level, message }, call) => {
    const known = LOG_LEVELS.find((one) => one === level);
    if (!known) {
      throw new ToolError(`there is no level ${JSON.stringify(level)}`);
    }
    call.log(known, message);
    return "Said.";
  },
);

plugin.tool(
  {
    name: "whoami",
    description: "Tell who is calling.",
    readOnly: true,
    output: z.object({
      client: z.string(),
      principal: z.string(),
      wants_progress: z.boolean(),
      elicitation: z.boolean(),
    }),
  },
  (_, { caller }) => ({
    client: caller.client.name,
    principal: caller.principal.subject,
    wants_progress: caller.wantsProgress,
    elicitation: caller.capabilities.elicitationForm,
  }),
);

plugin.tool({ name: "survey", description: "Ask three questions in a row.", readOnly: true }, async (_, call) => {
  // This runs from its beginning each time that an answer has come.
  await call.memo("started", () => Date.now());
  const who = await call.elicit(z.object({ name: z.string() }), "who", "Who are you?");
  if (!who.accepted) {
    return "nobody answered";
  }
  const { name } = who.value;
  const model = await call.sample("model", [`Greet ${name}.`], { maxTokens: 100 });
  const roots = await call.roots("roots");
  return `name=${name} model=${model.text} roots=${roots.length}`;
});

plugin.tool({ name: "tick", description: "Move the clock by one." }, () => {
  now += 1;
  plugin.resourceUpdated(CLOCK);
  return `${now}`;
});

plugin.tool({ name: "grow", description: "Add a tool to this plugin." }, () => {
  plugin.tool({ name: "grown", description: "Was not there before." }, () => "grown");
  return "A tool grew.";
});

plugin.resource("tour://readme", { name: "readme", mimeType: "text/plain" }, () => "Every ability of a plugin, once.");
plugin.resource("tour://logo", { name: "logo", mimeType: "image/png" }, () => PNG);
plugin.resource(CLOCK, { name: "clock", mimeType: "text/plain", subscribable: true }, () => `${now}`);

plugin.resourceTemplate(
  "tour://squares/{n}",
  { name: "squares", mimeType: "text/plain", complete: { n: prefixCompletion(["1", "10", "100", "2", "20"]) } },
  ({ n }) => {
    if (!/^[+-]?\d+$/.test(n)) {
      throw notFound(`${JSON.stringify(n)} is no integer`);
    }
    return `${BigInt(n) ** 2n}`;
  },
);

plugin.prompt(
  {
    name: "introduce",
    title: "Introduce",
    description: "Introduce somebody.",
    arguments: {
      who: { description: "whom to introduce", required: true },
      style: {
        description: "formal, friendly or funny",
        complete: prefixCompletion(["formal", "friendly", "funny"]),
      },
    },
  },
  ({ who, style = "friendly" }) => `Introduce ${who} in a ${style} way.`,
);

await plugin.run();
