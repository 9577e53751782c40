// SPDX-License-Identifier: Apache-2.0

// Turns what an author declares, options and a function, into what the protocol
// lists and what answers its calls.

import { create } from "@bufbuild/protobuf";
import type { Call } from "./call.js";
import { type Capabilities, wireCapabilities } from "./caller.js";
import { type Annotations, type Icon, wireAnnotations, wireIcon } from "./content.js";
import { DeclarationError } from "./errors.js";
import * as promptpb from "./proto/prompt_pb.js";
import * as resourcepb from "./proto/resource_pb.js";
import * as toolpb from "./proto/tool_pb.js";
import type { Completion } from "./results.js";
import { EMPTY, inputShape, type JsonSchema, outputShape, type Schema, type Shape } from "./schema.js";
import { Template } from "./template.js";
import { dump, dumpOptional, type JsonObject } from "./wire.js";

/** What all that is listed can say of itself. */
export interface Listed {
  /** Human-readable name. */
  readonly title?: string;
  readonly description?: string;
  readonly icons?: readonly Icon[];
  readonly meta?: JsonObject;
}

/** A tool, besides its function. */
export interface ToolOptions<I extends Schema | JsonSchema, O extends Schema | JsonSchema | undefined> extends Listed {
  /** 1 to 64 of [A-Za-z0-9_.-]; unique within the plugin. */
  readonly name: string;
  /** The arguments, as an object's schema. One by hand is not checked here. Default: none. */
  readonly input?: I;
  /** What the function returns, as an object's schema. Default: content. */
  readonly output?: O;
  /** Whether it changes nothing. Default: no. */
  readonly readOnly?: boolean;
  /** Whether it may destroy what it changes. Default: yes. */
  readonly destructive?: boolean;
  /** Whether the same call again changes nothing more. Default: no. */
  readonly idempotent?: boolean;
  /** Whether it reaches beyond a closed domain. Default: yes. */
  readonly openWorld?: boolean;
  /** What a call cannot do without; the host refuses calls of clients that lack it. */
  readonly requires?: Capabilities;
}

/** A resource, besides its function. */
export interface ResourceOptions extends Listed {
  readonly name: string;
  readonly mimeType?: string;
  /** In bytes. */
  readonly size?: number;
  readonly annotations?: Annotations;
  /** Whether changes are told, with resourceUpdated(). */
  readonly subscribable?: boolean;
}

/** Suggests values: typed is what there is so far, filled what is filled in already. */
export type Completer = (
  typed: string,
  filled: Readonly<Record<string, string>>,
) => readonly string[] | Completion | Promise<readonly string[] | Completion>;

/** A family of resources, besides its function. */
export interface TemplateOptions<Names extends string> extends Omit<ResourceOptions, "size"> {
  /** Suggests values for variables. */
  readonly complete?: { readonly [Variable in Names]?: Completer };
}

/** An argument of a prompt; all are strings. */
export interface PromptArgument {
  readonly title?: string;
  readonly description?: string;
  /** Default: optional. */
  readonly required?: boolean;
  readonly complete?: Completer;
}

/** The arguments of a prompt by name, in the order to ask for them. */
export type PromptArguments = Readonly<Record<string, PromptArgument>>;

/** What the function of a prompt is given. */
export type PromptValues<A extends PromptArguments> = {
  readonly [Name in keyof A]: A[Name] extends { readonly required: true } ? string : string | undefined;
};

/** A prompt, besides its function. */
export interface PromptOptions<A extends PromptArguments> extends Listed {
  readonly name: string;
  readonly arguments?: A & PromptArguments;
  readonly requires?: Capabilities;
}

/** A tool and what calls it. */
export interface Tool {
  readonly wire: toolpb.Tool;
  readonly input: Shape;
  readonly output: Shape | undefined;
  readonly run: (args: unknown, call: Call) => unknown;
}

/** A resource and what reads it. */
export interface Resource {
  readonly wire: resourcepb.Resource;
  readonly subscribable: boolean;
  readonly run: (variables: Readonly<Record<string, string>>, uri: string, call: Call) => unknown;
}

/** A family of resources and what reads it. */
export interface Family extends Omit<Resource, "wire"> {
  readonly wire: resourcepb.ResourceTemplate;
  readonly template: Template;
  readonly completers: ReadonlyMap<string, Completer>;
}

/** A prompt and what fills it in. */
export interface Prompt {
  readonly wire: promptpb.Prompt;
  readonly completers: ReadonlyMap<string, Completer>;
  readonly run: (values: Readonly<Record<string, string>>, call: Call) => unknown;
}

/** A tool as declared. DeclarationError: its schemas are no objects'. */
export function declareTool(
  options: ToolOptions<Schema | JsonSchema, Schema | JsonSchema | undefined>,
  run: Tool["run"],
): Tool {
  const { name, requires, readOnly, destructive, idempotent, openWorld } = options;
  return declaring(`tool ${JSON.stringify(name)}`, () => {
    const input = options.input ? inputShape(options.input) : EMPTY;
    const output = options.output && outputShape(options.output);
    const wire = create(toolpb.ToolSchema, {
      ...listed(options),
      name,
      inputSchemaJson: dump(input.json),
      outputSchemaJson: dumpOptional(output?.json),
      annotations: {
        ...(readOnly !== undefined && { readOnly }),
        ...(destructive !== undefined && { destructive }),
        ...(idempotent !== undefined && { idempotent }),
        ...(openWorld !== undefined && { openWorld }),
      },
      ...(requires && { requires: wireCapabilities(requires) }),
    });
    return { wire, input, output, run };
  });
}

/** A resource as declared. DeclarationError: its URI has no scheme. */
export function declareResource(uri: string, options: ResourceOptions, run: Resource["run"]): Resource {
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri)) {
    throw new DeclarationError(`resource ${JSON.stringify(uri)}: a URI has a scheme`);
  }
  const { name, mimeType = "", size, annotations, subscribable = false } = options;
  const wire = create(resourcepb.ResourceSchema, {
    ...listed(options),
    uri,
    name,
    mimeType,
    ...(size !== undefined && { size: BigInt(size) }),
    ...(annotations && { annotations: wireAnnotations(annotations) }),
  });
  return { wire, subscribable, run };
}

/** A family of resources as declared. DeclarationError: its template is none. */
export function declareFamily(uriTemplate: string, options: TemplateOptions<string>, run: Family["run"]): Family {
  const template = new Template(uriTemplate);
  const { name, mimeType = "", annotations, subscribable = false, complete = {} } = options;
  const completers = new Map(Object.entries(complete).flatMap(([variable, one]) => (one ? [[variable, one]] : [])));
  for (const variable of completers.keys()) {
    if (!template.names.includes(variable)) {
      throw new DeclarationError(`template ${uriTemplate}: there is no variable ${variable} to complete`);
    }
  }
  const wire = create(resourcepb.ResourceTemplateSchema, {
    ...listed(options),
    uriTemplate,
    name,
    mimeType,
    ...(annotations && { annotations: wireAnnotations(annotations) }),
  });
  return { wire, template, subscribable, completers, run };
}

/** A prompt as declared. */
export function declarePrompt(options: PromptOptions<PromptArguments>, run: Prompt["run"]): Prompt {
  const { name, requires, arguments: named = {} } = options;
  const completers = new Map<string, Completer>();
  const args = Object.entries(named).map(([name, { title = "", description = "", required = false, complete }]) => {
    if (complete) {
      completers.set(name, complete);
    }
    return { name, title, description, required };
  });
  const wire = create(promptpb.PromptSchema, {
    ...listed(options),
    name,
    arguments: args,
    ...(requires && { requires: wireCapabilities(requires) }),
  });
  return { wire, completers, run };
}

/** Suggests those of the values that begin with what is typed, in any case. */
export function prefixCompletion(values: readonly string[]): Completer {
  return (typed) => values.filter((value) => value.toLowerCase().startsWith(typed.toLowerCase()));
}

function listed({ title = "", description = "", icons = [], meta }: Listed) {
  return { title, description, icons: icons.map(wireIcon), metaJson: dumpOptional(meta) };
}

/** Says which declaration a mistake is in. */
function declaring<T>(what: string, declare: () => T): T {
  try {
    return declare();
  } catch (err) {
    throw err instanceof DeclarationError ? new DeclarationError(`${what}: ${err.message}`) : err;
  }
}
