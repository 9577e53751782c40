// SPDX-License-Identifier: Apache-2.0

/**
 * Turns TypeScript functions into a plugin of mcphost.
 *
 * A plugin is a process that offers tools, resources, prompts and completions to
 * every client of the host. This package knows the plugin protocol and the
 * handshake that starts it. It knows nothing of MCP's versions, transports and
 * sessions: the host bridges those.
 *
 * @packageDocumentation
 */

import "./stdio.js"; // first: whatever prints after it prints to standard error

export type { Call } from "./call.js";
export type { Caller, Capabilities, Client, LogLevel, Principal } from "./caller.js";
export { LOG_LEVELS } from "./caller.js";
export type { AbilityName, PluginOptions, Subscriber } from "./catalogue.js";
export type {
  Annotations,
  Content,
  EmbeddedResource,
  Icon,
  Media,
  Raw,
  ResourceContents,
  ResourceLink,
  Role,
  Text,
} from "./content.js";
export { audio, image, text } from "./content.js";
export type {
  Completer,
  PromptArgument,
  PromptArguments,
  PromptOptions,
  PromptValues,
  ResourceOptions,
  TemplateOptions,
  ToolOptions,
} from "./declare.js";
export { prefixCompletion } from "./declare.js";
export type { ErrorCode, ErrorDetails } from "./errors.js";
export {
  DeclarationError,
  invalidParams,
  missingCapability,
  notFound,
  ProtocolError,
  QuestionError,
  ToolError,
} from "./errors.js";
export type { Answer, InputMethod, InputRequest, Question } from "./exchange.js";
export { Asked, InputRequired } from "./exchange.js";
export type { Logger } from "./operator.js";
export { logger } from "./operator.js";
export { Plugin } from "./plugin.js";
export type { Action, Filled, Root, Sampled, SampleMessage, SampleOptions } from "./questions.js";
export { accepted, formQuestion, rootsQuestion, sampleQuestion, urlQuestion } from "./questions.js";
export type { Completion, Prompted, PromptMessage, Readable, Returned, Unstructured } from "./results.js";
export { PromptResult, ReadResult, ToolResult } from "./results.js";
export type { JsonSchema, Schema } from "./schema.js";
export type { Variables } from "./template.js";
export type { JsonObject } from "./wire.js";
