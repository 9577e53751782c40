// SPDX-License-Identifier: Apache-2.0

// Keeps what a plugin offers, and what of it has changed and is not told yet.

import { create, type DescMessage, equals, type MessageShape } from "@bufbuild/protobuf";
import type { Family, Prompt, Resource, Tool } from "./declare.js";
import { notFound } from "./errors.js";
import { Ability, type Revisions, RevisionsSchema } from "./proto/plugin_pb.js";
import { PromptSchema } from "./proto/prompt_pb.js";
import { ResourceSchema, ResourceTemplateSchema } from "./proto/resource_pb.js";
import { ToolSchema } from "./proto/tool_pb.js";
import type { Shape } from "./schema.js";

/** How many changed resources wait to be told; of more, the oldest are forgotten. */
const MAX_UPDATES = 256;

/** The lists that have a revision. */
type Kind = "tools" | "resources" | "prompts";

/** Who a plugin is. */
export interface PluginOptions {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  readonly description?: string;
  /** An https address to read more at. */
  readonly websiteUrl?: string;
  /** Extension identifiers that the definitions rely on, such as "io.modelcontextprotocol/ui". */
  readonly extensions?: readonly string[];
  /** How many calls it can have in flight. Default: the host's, 64. */
  readonly maxConcurrentCalls?: number;
}

/** What receives the operator's settings. */
export interface Configurer {
  readonly shape: Shape;
  readonly run: (settings: unknown) => unknown;
}

/** Chooses, of the URIs that clients are subscribed to, those whose changes are told. */
export type Subscriber = (uris: readonly string[]) => readonly string[] | Promise<readonly string[]>;

/** What a plugin offers. Things may be added and removed at any time. */
export class Catalogue {
  readonly tools = new Map<string, Tool>();
  readonly resources = new Map<string, Resource>();
  readonly families = new Map<string, Family>();
  readonly prompts = new Map<string, Prompt>();
  readonly shutdowns: (() => unknown)[] = [];
  configurer: Configurer | undefined;
  subscriber: Subscriber | undefined;
  connectionEnder: ((connectionId: string) => unknown) | undefined;
  dataDir = "";
  readonly #revisions: Record<Kind, number> = { tools: 1, resources: 1, prompts: 1 };
  readonly #updates = new Set<string>();
  #watched: ReadonlySet<string> = new Set();
  #wake: () => void = () => {};

  constructor(readonly options: PluginOptions) {}

  addTool(tool: Tool): void {
    this.#add(this.tools, tool.wire.name, tool, ToolSchema, "tools");
  }

  addResource(resource: Resource): void {
    this.#add(this.resources, resource.wire.uri, resource, ResourceSchema, "resources");
  }

  addFamily(family: Family): void {
    this.#add(this.families, family.wire.uriTemplate, family, ResourceTemplateSchema, "resources");
  }

  addPrompt(prompt: Prompt): void {
    this.#add(this.prompts, prompt.wire.name, prompt, PromptSchema, "prompts");
  }

  remove(from: Map<string, unknown>, key: string, kind: Kind): void {
    if (from.delete(key)) {
      this.#change(kind);
    }
  }

  /** Notes that a resource has changed, if anybody is subscribed to it. */
  update(uri: string): void {
    if (!this.#watched.has(uri)) {
      return;
    }
    this.#updates.add(uri);
    for (const oldest of this.#updates) {
      if (this.#updates.size <= MAX_UPDATES) {
        break;
      }
      this.#updates.delete(oldest);
    }
    this.#wake();
  }

  /** The resources that have changed and were not told yet. */
  takeUpdates(): string[] {
    const updates = [...this.#updates];
    this.#updates.clear();
    return updates;
  }

  /** Sets what is called when something is to be told. */
  wakeWith(wake: () => void): void {
    this.#wake = wake;
  }

  /** The revision of each list. */
  revisions(): Revisions {
    const { tools, resources, prompts } = this.#revisions;
    return create(RevisionsSchema, { tools: `${tools}`, resources: `${resources}`, prompts: `${prompts}` });
  }

  /** What the plugin provides, as it is when it starts. */
  abilities(): Ability[] {
    const readable = [...this.resources.values(), ...this.families.values()];
    const completing = [...this.prompts.values(), ...this.families.values()];
    const provided: [Ability, boolean][] = [
      [Ability.TOOLS, this.tools.size > 0],
      [Ability.RESOURCES, readable.length > 0],
      [Ability.PROMPTS, this.prompts.size > 0],
      [Ability.COMPLETIONS, completing.some((one) => one.completers.size > 0)],
      [Ability.SUBSCRIPTIONS, this.subscriber !== undefined || readable.some((one) => one.subscribable)],
    ];
    return provided.flatMap(([ability, is]) => (is ? [ability] : []));
  }

  /** What reads a URI, with its variables. ProtocolError: nothing does. */
  find(uri: string): { readonly resource: Resource | Family; readonly variables: Readonly<Record<string, string>> } {
    const resource = this.resources.get(uri);
    if (resource) {
      return { resource, variables: {} };
    }
    for (const family of this.families.values()) {
      const variables = family.template.match(uri);
      if (variables) {
        return { resource: family, variables };
      }
    }
    throw notFound(`there is no resource ${JSON.stringify(uri)}`);
  }

  /** Those of the URIs whose changes will be told. */
  async accept(uris: readonly string[]): Promise<string[]> {
    const chosen = this.subscriber ? await this.subscriber(uris) : uris.filter((uri) => this.#subscribable(uri));
    const accepted = chosen.filter((uri) => uris.includes(uri));
    this.#watched = new Set(accepted);
    return accepted;
  }

  #subscribable(uri: string): boolean {
    try {
      return this.find(uri).resource.subscribable;
    } catch {
      return false;
    }
  }

  #add<D extends DescMessage, V extends { readonly wire: MessageShape<D> }>(
    to: Map<string, V>,
    key: string,
    value: V,
    schema: D,
    kind: Kind,
  ): void {
    const old = to.get(key);
    to.set(key, value);
    if (!old || !equals(schema, old.wire, value.wire)) {
      this.#change(kind);
    }
  }

  #change(kind: Kind): void {
    this.#revisions[kind] += 1;
    this.#wake();
  }
}
