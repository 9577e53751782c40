// SPDX-License-Identifier: Apache-2.0

// A plugin of mcphost in TypeScript, with nothing but gRPC for Node.
//
// It serves the plugin protocol on a unix socket and go-plugin's small services
// beside it, then prints the one line that tells the host where. Numbers in
// comments are the steps that any plugin without a library goes through.

// Imports run before everything else, wherever they stand. These print nothing;
// one that does belongs below step 2, as `await import(...)`.
import { once } from "node:events";
import { chmodSync, fstatSync, mkdtempSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

import type { HealthHandlers } from "./build/types/grpc/health/v1/Health.js";
import type { CallToolRequest__Output } from "./build/types/mcphost/plugin/v1/CallToolRequest.js";
import type { CallToolResponse } from "./build/types/mcphost/plugin/v1/CallToolResponse.js";
import type { PluginServiceHandlers } from "./build/types/mcphost/plugin/v1/PluginService.js";
import type { ToolServiceHandlers } from "./build/types/mcphost/plugin/v1/ToolService.js";
import type { GRPCBrokerHandlers } from "./build/types/plugin/GRPCBroker.js";
import type { GRPCControllerHandlers } from "./build/types/plugin/GRPCController.js";
import type { GRPCStdioHandlers } from "./build/types/plugin/GRPCStdio.js";

// 1. The cookie tells a host from a person. Without this check, whoever starts
// the plugin by hand sees a line of gibberish, and a process that waits for ever.
if (process.env["MCPHOST_PLUGIN"] !== "mcphost-plugin-v1") {
  console.error(
    "hello-typescript is a plugin for mcphost, an MCP server: put this folder " +
      "into mcphost's plugin directory and start mcphost.",
  );
  process.exit(1);
}

// 2. Standard output belongs to the handshake line alone: the host takes the
// first line that it reads there for it. From here on console.log writes to
// standard error, which is the operator's log.
process.stdout.write = process.stderr.write.bind(process.stderr);

const MAX_MESSAGE_SIZE = 64 << 20; // bytes, the protocol's limit
const CALL_GRACE = 2000; // ms for the calls in flight, where the host does not say
const CLOSE_GRACE = 250; // ms for the last answers to be on their way

type Call = grpc.ServerWritableStream<CallToolRequest__Output, CallToolResponse>;

/** The arguments of a call, after they were checked. */
type Args = Record<string, string | number>;

interface Tool {
  description: string;
  properties: Record<string, { type: "string" | "integer"; description: string }>;
  required: string[];
  /** Yields the events of one call. It throws when signal says that nobody wants the outcome. */
  run(args: Args, signal: AbortSignal): AsyncGenerator<CallToolResponse>;
}

const TOOLS = new Map<string, Tool>([
  [
    "greet",
    {
      description: "Say hello to someone.",
      properties: { who: { type: "string", description: "whom to greet" } },
      required: ["who"],
      async *run({ who }) {
        yield result(`Hello, ${who}!`);
      },
    },
  ],
  [
    "count",
    {
      description: "Count to n, slowly.",
      properties: {
        n: { type: "integer", description: "where to stop" },
        delay_ms: { type: "integer", description: "milliseconds before each number" },
      },
      required: ["n"],
      async *run({ n, delay_ms }, signal) {
        const total = Number(n);
        for (let i = 1; i <= total; i++) {
          await sleep(Number(delay_ms ?? 0), undefined, { signal });
          yield { progress: { progress: i, total, message: `counted ${i}` } };
        }
        yield result(`Counted to ${total}.`);
      },
    },
  ],
]);

function result(text: string, isError = false): CallToolResponse {
  return { result: { content: [{ text: { text } }], isError } };
}

function schemaOf({ properties, required }: Tool): Buffer {
  return Buffer.from(JSON.stringify({ type: "object", properties, required, additionalProperties: false }));
}

/** Returns the arguments if they conform to the tool's schema, of which it knows what the table uses. */
function checked(json: Buffer, { properties, required }: Tool): Args {
  const args = JSON.parse(json.toString()) as Args; // always one object: the host has seen to that
  for (const name of required) {
    if (!(name in args)) throw new Error(`invalid arguments: ${name} is missing`);
  }
  for (const [name, value] of Object.entries(args)) {
    const want = Object.hasOwn(properties, name) ? properties[name]?.type : undefined;
    if (want === undefined) throw new Error(`invalid arguments: ${name} is not known`);
    const fits = want === "integer" ? Number.isSafeInteger(value) : typeof value === want;
    if (!fits) throw new Error(`invalid arguments: ${name} is not of type ${want}`);
  }
  return args;
}

/** Runs one call, and writes what its tool has to say. */
async function answer(call: Call, signal: AbortSignal): Promise<void> {
  const { name, argumentsJson } = call.request;
  const tool = TOOLS.get(name);
  if (tool === undefined) {
    call.write({ error: { code: "PROTOCOL_ERROR_CODE_NOT_FOUND", message: `there is no tool '${name}'` } });
    return;
  }
  let args: Args;
  try {
    args = checked(argumentsJson, tool);
  } catch (mistake) {
    call.write(result((mistake as Error).message, true));
    return;
  }
  for await (const event of tool.run(args, signal)) {
    // A host that reads slowly slows the tool down; what is not awaited here piles up in memory.
    if (!call.write(event)) await once(call, "drain", { signal });
  }
}

const inFlight = new Set<Promise<void>>();

/** Resolves when no call is in flight any more, after grace ms at the latest. */
async function drained(grace: number): Promise<void> {
  await Promise.race([Promise.all(inFlight), sleep(grace, undefined, { ref: false })]);
}

const stopping = new AbortController();
const stop = () => stopping.abort();

// What is left out, Configure and Watch, means: no settings, a static list.
const plugin: Pick<PluginServiceHandlers, "Describe"> = {
  Describe: (_, callback) => callback(null, { name: "hello-typescript", version: "1.0.0" }),
};

const tools: Pick<ToolServiceHandlers, "ListTools" | "CallTool"> = {
  ListTools(_, callback) {
    const listed = [...TOOLS].map(([name, tool]) => ({
      name,
      description: tool.description,
      inputSchemaJson: schemaOf(tool),
      annotations: { readOnly: true }, // so that "mcphost plugin test" may try them
    }));
    callback(null, { tools: listed });
  },
  CallTool(call) {
    const wanted = new AbortController();
    call.once("cancelled", () => wanted.abort());
    const work = answer(call, wanted.signal).then(
      () => void call.end(),
      (err: unknown) => {
        if (!wanted.signal.aborted) console.error(err); // a bug: for the operator, not for the client
        call.destroy(Object.assign(new Error("internal error"), { code: grpc.status.INTERNAL }));
      },
    );
    inFlight.add(work);
    void work.finally(() => inFlight.delete(work));
  },
};

// 6. go-plugin's own services. Without health the host cannot tell a plugin that
// hangs from one that is busy.
const health: Pick<HealthHandlers, "Check"> = {
  Check: (_, callback) => callback(null, { status: "SERVING" }),
};

// Without Shutdown, each stop takes 2 s and ends in SIGKILL.
const controller: GRPCControllerHandlers = {
  async Shutdown(call, callback) {
    // The host closes the connection as soon as we answer. Its deadline is its patience.
    const patience = Number(call.getDeadline()) - Date.now();
    await drained(Number.isFinite(patience) ? patience : CALL_GRACE);
    callback(null, {});
    stop();
  },
};

// The host holds this stream for life. There is nothing to say on it, since what
// we print goes to standard error; 10. its end is the host's.
const stdio: GRPCStdioHandlers = {
  StreamStdio(call) {
    call.once("cancelled", stop);
    stopping.signal.addEventListener("abort", () => call.end(), { once: true });
  },
};

// The host opens this one as well, and never uses it.
const broker: GRPCBrokerHandlers = {
  StartStream(call) {
    call.resume(); // a stream that nobody reads does not end
    stopping.signal.addEventListener("abort", () => call.end(), { once: true });
  },
};

/** 5. The limits are ours to raise: gRPC's own is 4 MiB, and a longer argument would fail. */
function newServer(): grpc.Server {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE_SIZE,
    "grpc.max_send_message_length": MAX_MESSAGE_SIZE,
  });
  const files = ["grpc_broker", "grpc_controller", "grpc_stdio", "grpc/health/v1/health"];
  const definitions = loadSync(
    [...files, "mcphost/plugin/v1/plugin", "mcphost/plugin/v1/tool"].map((name) => `${name}.proto`),
    // The Makefile generates types for the same choices.
    { includeDirs: [join(import.meta.dirname, "proto")], longs: Number, enums: String, defaults: true, oneofs: true },
  );
  const add = (name: string, handlers: grpc.UntypedServiceImplementation) =>
    server.addService(definitions[name] as grpc.ServiceDefinition, handlers);
  add("mcphost.plugin.v1.PluginService", plugin);
  add("mcphost.plugin.v1.ToolService", tools);
  add("grpc.health.v1.Health", health);
  add("plugin.GRPCController", controller);
  add("plugin.GRPCStdio", stdio);
  add("plugin.GRPCBroker", broker);
  return server;
}

/**
 * 10. Stops when the pipe ends that the host holds and never writes to: the host
 * is gone. Without this and StreamStdio, a plugin outlives a host that crashed.
 */
function watchStdin(): void {
  if (!fstatSync(0).isFIFO()) return; // a terminal, a file or the null device says nothing of the host
  process.stdin.once("close", stop).once("error", stop).resume();
}

async function main(): Promise<void> {
  // 3. A terminal's Ctrl-C reaches the plugin as well, but is meant for the host,
  // which lets calls in flight end.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", stop);

  // 4. A socket of our own, in the directory that the host names: it accepts no
  // other, and removes this one should we crash.
  const folder = mkdtempSync(join(process.env["PLUGIN_UNIX_SOCKET_DIR"] || tmpdir(), "plugin"));
  const path = join(folder, "s");
  const server = newServer();
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${path}`, grpc.ServerCredentials.createInsecure(), (err) => (err ? reject(err) : resolve())),
  );
  chmodSync(path, 0o600); // nobody else may connect
  watchStdin();

  // 7. Serve first, then say so, since the host connects at once. writeSync, as
  // what console.log writes to a pipe may wait until the program has time.
  // 8. is for languages with a thread for each stream: Node has none to run out of.
  // 9. No certificate: the socket is plain, and the host asks for no more.
  writeSync(1, `1|1|unix|${path}|grpc|\n`);

  if (!stopping.signal.aborted) await once(stopping.signal, "abort");
  await drained(CALL_GRACE);
  const late = setTimeout(() => server.forceShutdown(), CLOSE_GRACE);
  await new Promise((resolve) => server.tryShutdown(resolve));
  clearTimeout(late);
  rmSync(folder, { recursive: true, force: true });
  process.exit(0); // standard input would keep us here
}

await main();
