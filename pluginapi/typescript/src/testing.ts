// SPDX-License-Identifier: Apache-2.0

/**
 * Calls a plugin inside a test as the host does, and answers its questions. It
 * serves the plugin in the test's own process, over gRPC:
 *
 *     const client = await serve(plugin);
 *     after(() => client.close());
 *     assert.equal((await client.callTool("greet", { who: "Ada" })).text, "Hello, Ada!");
 *
 * @packageDocumentation
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { type Capabilities, type LogLevel, levelOf, wireCapabilities } from "./caller.js";
import { ProtocolError } from "./errors.js";
import { type InputMethod, METHODS } from "./exchange.js";
import { definitionOf, SIZES } from "./grpc.js";
import type { Plugin } from "./plugin.js";
import { CompletionService } from "./proto/completion_pb.js";
import type { ContentBlock } from "./proto/content_pb.js";
import * as pb from "./proto/context_pb.js";
import { PluginService } from "./proto/plugin_pb.js";
import { type GetPromptResponse, PromptService } from "./proto/prompt_pb.js";
import { type ReadResourceResponse, ResourceService } from "./proto/resource_pb.js";
import { type CallToolResponse, ToolService } from "./proto/tool_pb.js";
import type { Outcome } from "./round.js";
import { Services } from "./services.js";
import { dump, type JsonObject, load } from "./wire.js";

const MAX_ROUNDS = 10;

/** Answers a question with MCP's result. */
export type Answering = (key: string, method: InputMethod, params: JsonObject) => unknown;

/** How a call is made. */
export interface CallOptions {
  /** Answers the plugin's questions. Without it one is an error. */
  readonly answer?: Answering;
  /** What the client can do. Default: everything. */
  readonly capabilities?: Capabilities;
  /** Cancels the call. */
  readonly signal?: AbortSignal;
}

/** What a call said besides its result, in all rounds. */
export interface Report {
  readonly progress: { readonly done: number; readonly total: number | undefined; readonly message: string }[];
  readonly logs: { readonly level: LogLevel | undefined; readonly data: unknown }[];
  /** The keys of the questions, in order. */
  readonly questions: string[];
}

/** What a tool returned. */
export interface ToolAnswer {
  readonly isError: boolean;
  /** The text of the result, its blocks joined by newlines. */
  readonly text: string;
  /** The structured content; undefined if there is none. */
  readonly structured: unknown;
  /** The blocks as the protocol has them. */
  readonly content: readonly ContentBlock[];
  readonly meta: JsonObject;
  readonly report: Report;
}

/** Serves the plugin until the client is closed. */
export async function serve(plugin: Plugin): Promise<Client> {
  const services = new Services(plugin.catalogue);
  const server = new grpc.Server(SIZES);
  services.addTo(server);
  const folder = mkdtempSync(join(tmpdir(), "p"));
  const address = `unix:${join(folder, "s")}`;
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (err) => (err ? reject(err) : resolve()));
  });
  return new Client(address, () => {
    services.end();
    server.forceShutdown();
    rmSync(folder, { recursive: true, force: true });
  });
}

/** The host's end of one plugin. */
export class Client {
  readonly #connection: grpc.Client;
  readonly #hangUp: () => void;

  /** Speaks to a plugin that listens at a gRPC address, such as one with MCPHOST_DEBUG. */
  constructor(address: string, hangUp: () => void = () => {}) {
    this.#connection = new grpc.Client(address, grpc.credentials.createInsecure(), SIZES);
    this.#hangUp = hangUp;
  }

  /** Ends the connection and the plugin's calls. */
  close(): void {
    this.#connection.close();
    this.#hangUp();
  }

  /** Calls a tool. A refusal is a ProtocolError; a tool that fails has isError. */
  async callTool(name: string, args: JsonObject = {}, options: CallOptions = {}): Promise<ToolAnswer> {
    const [result, report] = await rounds(options, (common) =>
      this.#stream(ToolService.method.callTool, { ...common, name, argumentsJson: dump(args) }, options.signal),
    );
    return {
      isError: result.isError,
      text: textOf(result.content),
      structured: load(result.structuredContentJson),
      content: result.content,
      meta: (load(result.metaJson) ?? {}) as JsonObject,
      report,
    };
  }

  /** What a resource holds, piece by piece. */
  async readResource(uri: string, options: CallOptions = {}): Promise<(string | Uint8Array)[]> {
    const [result] = await rounds(options, (common) =>
      this.#stream(ResourceService.method.readResource, { ...common, uri }, options.signal),
    );
    return result.contents.map((one) => one.contents.value ?? "");
  }

  /** The texts of a prompt's messages. */
  async getPrompt(name: string, args: Record<string, string> = {}, options: CallOptions = {}): Promise<string[]> {
    const [result] = await rounds(options, (common) =>
      this.#stream(PromptService.method.getPrompt, { ...common, name, arguments: args }, options.signal),
    );
    return result.messages.map((message) => textOf(message.content ? [message.content] : []));
  }

  /** The suggestions for an argument of a prompt. */
  completePrompt(
    prompt: string,
    argument: string,
    typed: string,
    filled: Record<string, string> = {},
  ): Promise<string[]> {
    return this.#complete({ case: "promptName", value: prompt }, argument, typed, filled);
  }

  /** The suggestions for a variable of a template. */
  completeTemplate(
    uriTemplate: string,
    variable: string,
    typed: string,
    filled: Record<string, string> = {},
  ): Promise<string[]> {
    return this.#complete({ case: "resourceUriTemplate", value: uriTemplate }, variable, typed, filled);
  }

  /** The input schema of each tool, by name. */
  async listTools(): Promise<Record<string, JsonObject>> {
    const { tools } = await this.#unary(ToolService.method.listTools, {});
    return Object.fromEntries(tools.map((tool) => [tool.name, load(tool.inputSchemaJson) as JsonObject]));
  }

  /** Hands over settings. An error: the plugin refuses them. */
  async configure(settings: JsonObject): Promise<void> {
    await this.#unary(PluginService.method.configure, { settingsJson: dump(settings), pluginName: "test" });
  }

  /** Subscribes to resources, instead of those before; returns what the plugin accepts. */
  async subscribe(uris: readonly string[]): Promise<string[]> {
    const { acceptedUris } = await this.#unary(ResourceService.method.setSubscriptions, { uris: [...uris] });
    return acceptedUris;
  }

  /** What the plugin tells of changes, until the signal is aborted: "tools", "resources", "prompts" or a URI. */
  async *changes(signal: AbortSignal): AsyncGenerator<string> {
    let last: Record<string, string> | undefined;
    for await (const { event } of untilAborted(signal, this.#stream(PluginService.method.watch, {}, signal))) {
      if (event.case === "resourceUpdated") {
        yield event.value.uri;
      } else if (event.case === "revisions") {
        const { tools, resources, prompts } = event.value;
        const now: Record<string, string> = { tools, resources, prompts };
        const before = last;
        last = now;
        yield* before ? Object.keys(now).filter((list) => now[list] !== before[list]) : [];
      }
    }
  }

  async #complete(
    reference: MessageInitShape<typeof CompletionService.method.complete.input>["reference"] & object,
    argumentName: string,
    argumentValue: string,
    resolvedArguments: Record<string, string>,
  ): Promise<string[]> {
    const request = { context: contextOf({}), reference, argumentName, argumentValue, resolvedArguments };
    const { outcome } = await this.#unary(CompletionService.method.complete, request);
    if (outcome.case === "error") {
      throw ProtocolError.fromWire(outcome.value);
    }
    return outcome.value?.values ?? [];
  }

  #unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<MessageShape<O>> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method);
    return new Promise((resolve, reject) => {
      const message = create(method.input, request);
      this.#connection.makeUnaryRequest(path, requestSerialize, responseDeserialize, message, (err, response) =>
        err ? reject(new Error(err.details)) : resolve(response as MessageShape<O>),
      );
    });
  }

  async *#stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    signal?: AbortSignal,
  ): AsyncGenerator<MessageShape<O>> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method);
    const message = create(method.input, request);
    const stream = this.#connection.makeServerStreamRequest(path, requestSerialize, responseDeserialize, message);
    const cancel = () => stream.cancel();
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      yield* stream as AsyncIterable<MessageShape<O>>;
    } finally {
      signal?.removeEventListener("abort", cancel);
      stream.cancel();
    }
  }
}

/** What a stream has until the signal cancels it, which is no error then. */
async function* untilAborted<M>(signal: AbortSignal, stream: AsyncIterable<M>): AsyncGenerator<M> {
  try {
    yield* stream;
  } catch (err) {
    if (!signal.aborted) {
      throw err;
    }
  }
}

type Common = { readonly context: pb.CallContext; readonly resumption: pb.Resumption };

type Response = CallToolResponse | ReadResourceResponse | GetPromptResponse;

type ResultOf<M extends Response> = Extract<M["event"], { readonly case: "result" }>["value"];

/** Enters a call until it has a result. */
async function rounds<M extends Response>(
  options: CallOptions,
  enter: (common: Common) => AsyncIterable<M>,
): Promise<[ResultOf<M>, Report]> {
  const report: Report = { progress: [], logs: [], questions: [] };
  const resumption = create(pb.ResumptionSchema);
  const context = contextOf(options);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const outcome = await outcomeOf(enter({ context, resumption }), report);
    switch (outcome.case) {
      case "result":
        return [outcome.value as ResultOf<M>, report];
      case "error":
        throw ProtocolError.fromWire(outcome.value);
      default:
        answer(outcome.value, options.answer, resumption, report);
    }
  }
  throw new Error(`the plugin asks for more than ${MAX_ROUNDS} rounds`);
}

async function outcomeOf(events: AsyncIterable<Response>, report: Report): Promise<Outcome<unknown>> {
  for await (const { event } of events) {
    switch (event.case) {
      case "progress": {
        const { progress, total, message } = event.value;
        report.progress.push({ done: progress, total, message });
        break;
      }
      case "log":
        report.logs.push({ level: levelOf(event.value.level), data: load(event.value.dataJson) });
        break;
      case "result":
      case "inputRequired":
      case "error":
        return event;
    }
  }
  throw new Error("the call has ended without an outcome");
}

function answer(
  asked: pb.InputRequired,
  answering: Answering | undefined,
  resumption: pb.Resumption,
  report: Report,
): void {
  if (!answering) {
    throw new Error(`the plugin asks ${asked.requests.map(({ key }) => key).join(", ")}, and nothing answers`);
  }
  resumption.state = asked.state;
  for (const { key, method, paramsJson } of asked.requests) {
    report.questions.push(key);
    const [name] = Object.entries(METHODS).find(([, number]) => number === method) ?? [];
    const result = answering(key, name as InputMethod, (load(paramsJson) ?? {}) as JsonObject);
    const others = resumption.responses.filter((one) => one.key !== key);
    const outcome = { case: "resultJson", value: dump(result) } as const;
    resumption.responses = [...others, create(pb.InputResponseSchema, { key, outcome })];
  }
}

function contextOf({ capabilities }: CallOptions): pb.CallContext {
  const everything = { elicitationForm: true, elicitationUrl: true, sampling: true, samplingTools: true, roots: true };
  return create(pb.CallContextSchema, {
    requestId: "test",
    wantsProgress: true,
    logLevel: pb.LogLevel.DEBUG,
    capabilities: wireCapabilities(capabilities ?? everything),
  });
}

function textOf(blocks: readonly ContentBlock[]): string {
  return blocks.flatMap(({ kind }) => (kind.case === "text" ? [kind.value.text] : [])).join("\n");
}
