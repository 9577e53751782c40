// SPDX-License-Identifier: Apache-2.0

// Declares what a plugin offers: functions become tools, resources and prompts.

import type { Call } from "./call.js";
import { Catalogue, type PluginOptions, type Subscriber } from "./catalogue.js";
import {
  declareFamily,
  declarePrompt,
  declareResource,
  declareTool,
  type PromptArguments,
  type PromptOptions,
  type PromptValues,
  type ResourceOptions,
  type TemplateOptions,
  type ToolOptions,
} from "./declare.js";
import type { Prompted, Readable, Returned } from "./results.js";
import { inputShape, type JsonSchema, type Schema, type ValueOf } from "./schema.js";
import { serve } from "./serve.js";
import type { Variables } from "./template.js";

/**
 * A plugin. Declare what it offers, then run() it.
 *
 * Things may be added and removed at any time; clients are told. But they look for
 * those kinds only that are there when run() is called: name the others in the
 * option abilities, or adding one later is a DeclarationError. A ToolError
 * that a function throws is for the model to read, a ProtocolError for the
 * client's developer; any other error is "internal error", with its stack in the
 * operator's log.
 */
export class Plugin {
  /** @internal */
  readonly catalogue: Catalogue;

  constructor(options: PluginOptions) {
    this.catalogue = new Catalogue(options);
  }

  /** Where the plugin may keep files that outlive it; set when it is configured. Empty: nowhere. */
  get dataDir(): string {
    return this.catalogue.dataDir;
  }

  /**
   * Offers a function as a tool. What does not fit its schema never reaches it.
   * The call's signal is aborted when nobody waits for the result any more.
   */
  tool<I extends Schema | JsonSchema = JsonSchema, O extends Schema | JsonSchema | undefined = undefined>(
    options: ToolOptions<I, O>,
    run: (args: ValueOf<I>, call: Call) => Returned<O> | Promise<Returned<O>>,
  ): void {
    this.catalogue.addTool(declareTool(options, (args, call) => run(args as ValueOf<I>, call)));
  }

  /** Takes a tool away; calls in flight go on. */
  removeTool(name: string): void {
    this.catalogue.remove(this.catalogue.tools, name, "tools");
  }

  /** Offers what a function returns as a resource. Throw notFound() for what is not there any more. */
  resource(uri: string, options: ResourceOptions, read: (call: Call) => Readable | Promise<Readable>): void {
    this.catalogue.addResource(declareResource(uri, options, (_, __, call) => read(call)));
  }

  /** Takes a resource away. */
  removeResource(uri: string): void {
    this.catalogue.remove(this.catalogue.resources, uri, "resources");
  }

  /**
   * Offers a family of resources, such as "note://{owner}/{+path}". The variables
   * are the client's word, so check them.
   */
  resourceTemplate<const T extends string>(
    uriTemplate: T,
    options: TemplateOptions<string & keyof Variables<T>>,
    read: (variables: Variables<T>, call: Call, uri: string) => Readable | Promise<Readable>,
  ): void {
    const family = declareFamily(uriTemplate, options, (variables, uri, call) =>
      read(variables as Variables<T>, call, uri),
    );
    this.catalogue.addFamily(family);
  }

  /** Takes a family of resources away. */
  removeResourceTemplate(uriTemplate: string): void {
    this.catalogue.remove(this.catalogue.families, uriTemplate, "resources");
  }

  /** Offers a function as a prompt. */
  prompt<const A extends PromptArguments = Record<never, never>>(
    options: PromptOptions<A>,
    fill: (values: PromptValues<A>, call: Call) => Prompted | Promise<Prompted>,
  ): void {
    this.catalogue.addPrompt(declarePrompt(options, (values, call) => fill(values as PromptValues<A>, call)));
  }

  /** Takes a prompt away. */
  removePrompt(name: string): void {
    this.catalogue.remove(this.catalogue.prompts, name, "prompts");
  }

  /**
   * Receives the operator's settings, before the first call. A ToolError is shown
   * to the operator and disables the plugin until the settings change. Without it
   * a plugin takes no settings.
   */
  onConfigure<S extends Schema>(settings: S, run: (settings: ValueOf<S>) => void | Promise<void>): void {
    this.catalogue.configurer = { shape: inputShape(settings), run: (value) => run(value as ValueOf<S>) };
  }

  /** Is called when the plugin stops, after its calls; it has half a second. */
  onShutdown(run: () => void | Promise<void>): void {
    this.catalogue.shutdowns.push(run);
  }

  /** Is told when a client's connection is gone, so that what is kept for it can go. */
  onEndConnection(run: (connectionId: string) => void | Promise<void>): void {
    this.catalogue.connectionEnder = run;
  }

  /**
   * Is told the whole set of URIs that clients are subscribed to, each time it
   * changes, and returns those whose changes resourceUpdated() will report.
   */
  onSubscriptions(run: Subscriber): void {
    this.catalogue.setSubscriber(run);
  }

  /** Tells the clients that have subscribed to a resource that it has changed. */
  resourceUpdated(uri: string): void {
    this.catalogue.update(uri);
  }

  /** Serves the host until it asks to stop, and ends the process. */
  async run(): Promise<never> {
    process.exit(await serve(this.catalogue));
  }
}
