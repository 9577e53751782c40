// SPDX-License-Identifier: Apache-2.0

// Keeps what a plugin offers, and what of it has changed and is not told yet.

import { create, type DescMessage, equals, type MessageShape } from "@bufbuild/protobuf";
import type { Family, Prompt, Resource, Tool } from "./declare.js";
import { DeclarationError, notFound } from "./errors.js";
import { logger } from "./operator.js";
import { Ability, type Revisions, RevisionsSchema } from "./proto/plugin_pb.js";
import { PromptSchema } from "./proto/prompt_pb.js";
import { ResourceSchema, ResourceTemplateSchema } from "./proto/resource_pb.js";
import { ToolSchema } from "./proto/tool_pb.js";
import type { Shape } from "./schema.js";

/** How many changed resources wait to be told; of more, the oldest are forgotten. */
const MAX_UPDATES = 256;

/** The lists that have a revision. */
type Kind = "tools" | "resources" | "prompts";

/** The kinds of things that a plugin provides. */
const ABILITIES = {
  tools: Ability.TOOLS,
  resources: Ability.RESOURCES,
  prompts: Ability.PROMPTS,
  completions: Ability.COMPLETIONS,
  subscriptions: Ability.SUBSCRIPTIONS,
} as const;

/** A kind of thing that a plugin provides. */
export type AbilityName = keyof typeof ABILITIES;

/** Who a plugin is. */
export interface PluginOptions {
  readonly name: string;
  readonly version: string;
  readonly title?: string;
  readonly description?: string;
  /** An https address to read more at. */
  readonly websiteUrl?: string;
  /**
   * What may be added while the plugin serves, of which there is nothing before:
   * clients are told once what there is. What is there before need not be named.
   */
  readonly abilities?: readonly AbilityName[];
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

/**
 * What a plugin offers. Things may be added and removed at any time; what is added
 * while it serves needs an ability that was announced: DeclarationError otherwise.
 */
export class Catalogue {
  readonly tools = new Map<string, Tool>();
  readonly resources = new Map<string, Resource>();
  readonly families = new Map<string, Family>();
  readonly prompts = new Map<string, Prompt>();
  readonly shutdowns: (() => unknown)[] = [];
  configurer: Configurer | undefined;
  connectionEnder: ((connectionId: string) => unknown) | undefined;
  dataDir = "";
  readonly #revisions: Record<Kind, number> = { tools: 1, resources: 1, prompts: 1 };
  readonly #updates = new Set<string>();
  #watched: ReadonlySet<string> = new Set();
  #wake: () => void = () => {};
  #subscriber: Subscriber | undefined;
  #announced: ReadonlySet<AbilityName> | undefined;

  constructor(readonly options: PluginOptions) {
    const strange = options.abilities?.find((one) => !Object.hasOwn(ABILITIES, one));
    if (strange !== undefined) {
      const known = Object.keys(ABILITIES).join(", ");
      throw new DeclarationError(`${JSON.stringify(strange)} is no ability; there are ${known}`);
    }
  }

  addTool(tool: Tool): void {
    this.#needs("tools");
    this.#add(this.tools, tool.wire.name, tool, ToolSchema, "tools");
  }

  addResource(resource: Resource): void {
    this.#needs("resources", resource);
    this.#add(this.resources, resource.wire.uri, resource, ResourceSchema, "resources");
  }

  addFamily(family: Family): void {
    this.#needs("resources", family);
    this.#add(this.families, family.wire.uriTemplate, family, ResourceTemplateSchema, "resources");
  }

  addPrompt(prompt: Prompt): void {
    this.#needs("prompts", prompt);
    this.#add(this.prompts, prompt.wire.name, prompt, PromptSchema, "prompts");
  }

  /** Sets what is told of subscriptions. */
  setSubscriber(subscriber: Subscriber): void {
    this.#check("subscriptions");
    this.#subscriber = subscriber;
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

  /** Settles what the plugin provides: it is about to serve. */
  announce(): void {
    const readable = [...this.resources.values(), ...this.families.values()];
    const completing = [...this.prompts.values(), ...this.families.values()];
    const provided: Record<AbilityName, boolean> = {
      tools: this.tools.size > 0,
      resources: readable.length > 0,
      prompts: this.prompts.size > 0,
      completions: completing.some((one) => one.completers.size > 0),
      subscriptions: this.#subscriber !== undefined || readable.some((one) => one.subscribable),
    };
    const names = Object.keys(ABILITIES) as AbilityName[];
    const there = names.filter((name) => provided[name] || this.options.abilities?.includes(name));
    this.#announced = new Set(there.length > 0 ? there : ["tools"]); // none at all would mean that as well
  }

  /** What clients are told that the plugin provides. */
  abilities(): Ability[] {
    return [...(this.#announced ?? [])].map((name) => ABILITIES[name]);
  }

  /** Ends the time for which announce() has settled something. */
  retire(): void {
    this.#announced = undefined;
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
    const chosen = this.#subscriber ? await this.#subscriber(uris) : uris.filter((uri) => this.#subscribable(uri));
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

  /** What something of a kind needs, by what it can do. */
  #needs(kind: Kind, one: { readonly subscribable?: boolean; readonly completers?: Prompt["completers"] } = {}): void {
    this.#check(kind);
    if (one.subscribable && this.#isLate("subscriptions")) {
      logger.error("nobody can subscribe to what was added: subscriptions are no announced ability");
    }
    if (one.completers?.size && this.#isLate("completions")) {
      logger.error("nothing is suggested for what was added: completions are no announced ability");
    }
  }

  #isLate(ability: AbilityName): boolean {
    return this.#announced !== undefined && !this.#announced.has(ability);
  }

  #check(ability: AbilityName): void {
    if (this.#isLate(ability)) {
      throw new DeclarationError(
        `clients were told that this plugin provides no ${ability}, and do not look for any: announce what comes while ` +
          `it serves with new Plugin({ ..., abilities: ["${ability}"] })`,
      );
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
