// SPDX-License-Identifier: Apache-2.0

// Serves the plugin protocol: each RPC becomes calls of the author's functions.

import { create } from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import type { Call } from "./call.js";
import type { Catalogue } from "./catalogue.js";
import type { Completer, Prompt } from "./declare.js";
import { invalidParams, notFound, ProtocolError, ToolError } from "./errors.js";
import { InputRequired } from "./exchange.js";
import { addService, type Methods, StatusError, type Stream } from "./grpc.js";
import { kitLogger } from "./operator.js";
import * as completionpb from "./proto/completion_pb.js";
import * as pluginpb from "./proto/plugin_pb.js";
import * as promptpb from "./proto/prompt_pb.js";
import * as resourcepb from "./proto/resource_pb.js";
import * as toolpb from "./proto/tool_pb.js";
import { promptResult, readResult, toolError, toolResult, wireCompletion } from "./results.js";
import { INTERNAL, type Round, runRound } from "./round.js";
import { MisfitError } from "./schema.js";
import { dumpOptional, isA, isObject, load, messageOf } from "./wire.js";

/** The services of one plugin. */
export class Services {
  readonly #catalogue: Catalogue;
  /** The calls in flight, and what stops them. */
  readonly #calls = new Map<AbortController, Promise<void>>();
  #ended = false;
  #wakes: (() => void)[] = [];

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    catalogue.wakeWith(() => this.#wake());
    catalogue.announce();
  }

  /** Puts all of them on a server. */
  addTo(server: grpc.Server): void {
    addService(server, pluginpb.PluginService, this.#plugin());
    addService(server, toolpb.ToolService, this.#tools());
    addService(server, resourcepb.ResourceService, this.#resources());
    addService(server, promptpb.PromptService, this.#prompts());
    addService(server, completionpb.CompletionService, { complete: (request) => this.#complete(request) });
  }

  /** Waits for the calls in flight, for grace milliseconds at most. */
  async drain(grace: number): Promise<void> {
    await within(grace, Promise.allSettled(this.#calls.values()));
  }

  /** Aborts the calls that are still in flight, and ends the watch. */
  end(): void {
    this.#ended = true;
    this.#catalogue.retire();
    for (const stop of this.#calls.keys()) {
      stop.abort();
    }
    this.#wake();
  }

  #plugin(): Methods<typeof pluginpb.PluginService> {
    return {
      describe: async () => this.#describe(),
      configure: (request) => this.#configure(request),
      watch: (_, stream) => this.#watch(stream),
      endConnection: async ({ connectionId }) => {
        await this.#catalogue.connectionEnder?.(connectionId);
        return create(pluginpb.EndConnectionResponseSchema);
      },
    };
  }

  #describe(): pluginpb.DescribeResponse {
    const { name, version, title = "", description = "", websiteUrl = "", extensions = [] } = this.#catalogue.options;
    return create(pluginpb.DescribeResponseSchema, {
      name,
      version,
      title,
      description,
      websiteUrl,
      extensions: [...extensions],
      abilities: this.#catalogue.abilities(),
      settingsSchemaJson: dumpOptional(this.#catalogue.configurer?.shape.json),
      limits: { maxConcurrentCalls: this.#catalogue.options.maxConcurrentCalls ?? 0 },
    });
  }

  async #configure(request: pluginpb.ConfigureRequest): Promise<pluginpb.ConfigureResponse> {
    this.#catalogue.dataDir = request.dataDir;
    try {
      const settings = load(request.settingsJson) ?? {};
      const { configurer } = this.#catalogue;
      if (configurer) {
        await configurer.run(await configurer.shape.read(settings, "settings"));
      } else if (!isObject(settings) || Object.keys(settings).length > 0) {
        throw new ToolError("this plugin takes no settings");
      }
    } catch (err) {
      if (isA(ToolError, err) || isA(MisfitError, err)) {
        throw new StatusError(grpc.status.INVALID_ARGUMENT, messageOf(err));
      }
      kitLogger.error("the settings could not be taken", { err });
      throw new StatusError(grpc.status.INTERNAL, "the settings could not be taken; the plugin's log says why");
    }
    return create(pluginpb.ConfigureResponseSchema);
  }

  async #watch(stream: Stream<pluginpb.WatchResponse>): Promise<void> {
    stream.on("cancelled", () => this.#wake());
    let told = "";
    while (!this.#ended && !stream.cancelled) {
      const woken = new Promise<void>((resolve) => this.#wakes.push(resolve));
      const revisions = this.#catalogue.revisions();
      const now = [revisions.tools, revisions.resources, revisions.prompts].join();
      if (now !== told) {
        told = now;
        stream.write(create(pluginpb.WatchResponseSchema, { event: { case: "revisions", value: revisions } }));
      }
      for (const uri of this.#catalogue.takeUpdates()) {
        const value = create(pluginpb.ResourceUpdatedSchema, { uri });
        stream.write(create(pluginpb.WatchResponseSchema, { event: { case: "resourceUpdated", value } }));
      }
      await woken;
    }
    stream.end();
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) {
      wake();
    }
  }

  // The lists. Their pages are whole: the host's limits are far below 64 MiB.

  #tools(): Methods<typeof toolpb.ToolService> {
    return {
      listTools: async () =>
        create(toolpb.ListToolsResponseSchema, {
          tools: [...this.#catalogue.tools.values()].map((tool) => tool.wire),
          revision: this.#catalogue.revisions().tools,
        }),
      callTool: (request, stream) => {
        const round: Round<toolpb.CallToolResult, toolpb.CallToolResponse> = {
          what: `tool ${request.name}`,
          request,
          run: (call) => this.#callTool(request, call),
          failed: toolError,
          message: (event) => create(toolpb.CallToolResponseSchema, { event }),
        };
        return this.#round(round, stream);
      },
    };
  }

  async #callTool(request: toolpb.CallToolRequest, call: Call): Promise<toolpb.CallToolResult | InputRequired> {
    const tool = this.#catalogue.tools.get(request.name);
    if (!tool) {
      throw notFound(`there is no tool ${JSON.stringify(request.name)}`);
    }
    const args = await tool.input.read(load(request.argumentsJson) ?? {}).catch((err: unknown) => {
      throw err instanceof MisfitError ? new ToolError(`invalid arguments: ${err.message}`) : err;
    });
    const out = await tool.run(args, call);
    return out instanceof InputRequired ? out : toolResult(out, tool.output);
  }

  #resources(): Methods<typeof resourcepb.ResourceService> {
    const { resources, families } = this.#catalogue;
    return {
      listResources: async () =>
        create(resourcepb.ListResourcesResponseSchema, {
          resources: [...resources.values()].map((one) => one.wire),
          revision: this.#catalogue.revisions().resources,
        }),
      listResourceTemplates: async () =>
        create(resourcepb.ListResourceTemplatesResponseSchema, {
          resourceTemplates: [...families.values()].map((one) => one.wire),
          revision: this.#catalogue.revisions().resources,
        }),
      readResource: (request, stream) => {
        const round: Round<resourcepb.ReadResourceResult, resourcepb.ReadResourceResponse> = {
          what: `resource ${request.uri}`,
          request,
          run: (call) => this.#readResource(request, call),
          message: (event) => create(resourcepb.ReadResourceResponseSchema, { event }),
        };
        return this.#round(round, stream);
      },
      setSubscriptions: async ({ uris }) =>
        create(resourcepb.SetSubscriptionsResponseSchema, { acceptedUris: await this.#catalogue.accept(uris) }),
    };
  }

  async #readResource(
    { uri }: resourcepb.ReadResourceRequest,
    call: Call,
  ): Promise<resourcepb.ReadResourceResult | InputRequired> {
    const { resource, variables } = this.#catalogue.find(uri);
    const out = await resource.run(variables, uri, call);
    return out instanceof InputRequired ? out : readResult(out, uri, resource.wire.mimeType);
  }

  #prompts(): Methods<typeof promptpb.PromptService> {
    return {
      listPrompts: async () =>
        create(promptpb.ListPromptsResponseSchema, {
          prompts: [...this.#catalogue.prompts.values()].map((prompt) => prompt.wire),
          revision: this.#catalogue.revisions().prompts,
        }),
      getPrompt: (request, stream) => {
        const round: Round<promptpb.GetPromptResult, promptpb.GetPromptResponse> = {
          what: `prompt ${request.name}`,
          request,
          run: (call) => this.#getPrompt(request, call),
          message: (event) => create(promptpb.GetPromptResponseSchema, { event }),
        };
        return this.#round(round, stream);
      },
    };
  }

  async #getPrompt(request: promptpb.GetPromptRequest, call: Call): Promise<promptpb.GetPromptResult | InputRequired> {
    const prompt = this.#catalogue.prompts.get(request.name);
    if (!prompt) {
      throw notFound(`there is no prompt ${JSON.stringify(request.name)}`);
    }
    checkArguments(prompt, request.arguments);
    const out = await prompt.run(request.arguments, call);
    return out instanceof InputRequired ? out : promptResult(out);
  }

  async #complete(request: completionpb.CompleteRequest): Promise<completionpb.CompleteResponse> {
    try {
      const found = await this.#completer(request)?.(request.argumentValue, request.resolvedArguments);
      const value = wireCompletion(found ?? []);
      return create(completionpb.CompleteResponseSchema, { outcome: { case: "completion", value } });
    } catch (err) {
      const value = completionError(err).toWire();
      return create(completionpb.CompleteResponseSchema, { outcome: { case: "error", value } });
    }
  }

  #completer({ reference, argumentName }: completionpb.CompleteRequest): Completer | undefined {
    const name = reference.value ?? "";
    const known = reference.case === "promptName" ? this.#catalogue.prompts : this.#catalogue.families;
    const one = known.get(name);
    if (!one) {
      throw notFound(`there is no ${reference.case === "promptName" ? "prompt" : "template"} ${JSON.stringify(name)}`);
    }
    return one.completers.get(argumentName);
  }

  /** Runs a round of a call, which a stop waits for. */
  async #round<R, M>(round: Round<R, M>, stream: Stream<M>): Promise<void> {
    const stop = new AbortController();
    const running = runRound(round, stream, stop);
    this.#calls.set(stop, running);
    try {
      await running;
    } finally {
      this.#calls.delete(stop);
    }
  }
}

/** Waits for work, for so many milliseconds at most; what is late goes on. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function checkArguments({ wire }: Prompt, given: Readonly<Record<string, string>>): void {
  const strange = Object.keys(given).find((name) => !wire.arguments.some((argument) => argument.name === name));
  if (strange !== undefined) {
    throw invalidParams(`the prompt ${JSON.stringify(wire.name)} has no argument ${JSON.stringify(strange)}`);
  }
  const missing = wire.arguments.find((argument) => argument.required && !Object.hasOwn(given, argument.name));
  if (missing) {
    throw invalidParams(`the prompt ${JSON.stringify(wire.name)} needs the argument ${JSON.stringify(missing.name)}`);
  }
}

function completionError(err: unknown): ProtocolError {
  if (isA(ProtocolError, err)) {
    return err;
  }
  if (isA(ToolError, err)) {
    return new ProtocolError("internal", messageOf(err));
  }
  kitLogger.error("a completion failed", { err });
  return new ProtocolError("internal", INTERNAL);
}
