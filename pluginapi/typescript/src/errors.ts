// SPDX-License-Identifier: Apache-2.0

// The errors that a plugin's functions throw, and those that the kit does.

import { create } from "@bufbuild/protobuf";
import { type Capabilities, wireCapabilities } from "./caller.js";
import * as pb from "./proto/context_pb.js";
import { dumpOptional } from "./wire.js";

/**
 * The work failed. The model reads the message, and may do better. Any other
 * error is a bug: "internal error" to the client, its stack in the operator's log.
 */
export class ToolError extends Error {
  override name = "ToolError";
}

/** A tool, resource, prompt or form is declared wrongly. */
export class DeclarationError extends TypeError {
  override name = "DeclarationError";
}

/** What is wrong with a call. The host gives each its JSON-RPC code. */
export type ErrorCode = "invalid params" | "not found" | "missing capability" | "internal";

const CODES: Readonly<Record<ErrorCode, pb.ProtocolErrorCode>> = {
  "invalid params": pb.ProtocolErrorCode.INVALID_PARAMS,
  "not found": pb.ProtocolErrorCode.NOT_FOUND,
  "missing capability": pb.ProtocolErrorCode.MISSING_CLIENT_CAPABILITY,
  internal: pb.ProtocolErrorCode.INTERNAL,
};

/** What an error for the client's developer says besides its message. */
export interface ErrorDetails {
  /** Any JSON value. Default: none. */
  readonly data?: unknown;
  /** With "missing capability": what the client would have to declare. */
  readonly required?: Capabilities;
}

/** A call that cannot be served as asked, for the client's developer to read. */
export class ProtocolError extends Error {
  override name = "ProtocolError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: ErrorDetails = {},
  ) {
    super(message);
  }

  /** @internal */
  toWire(): pb.ProtocolError {
    const { data, required } = this.details;
    return create(pb.ProtocolErrorSchema, {
      code: CODES[this.code],
      message: this.message.toWellFormed(),
      dataJson: dumpOptional(data),
      ...(required && { required: wireCapabilities(required) }),
    });
  }

  /** @internal */
  static fromWire(wire: pb.ProtocolError): ProtocolError {
    const found = Object.entries(CODES).find(([, code]) => code === wire.code);
    return new ProtocolError((found?.[0] ?? "internal") as ErrorCode, wire.message);
  }
}

/** The parameters of a call make no sense. */
export function invalidParams(message: string): ProtocolError {
  return new ProtocolError("invalid params", message);
}

/** What a call names does not exist. */
export function notFound(message: string): ProtocolError {
  return new ProtocolError("not found", message);
}

/** The client cannot do what the call needs. */
export function missingCapability(required: Capabilities): ProtocolError {
  return new ProtocolError("missing capability", "the client lacks a capability that this call needs", { required });
}

/** There is no answer to a question. A person's refusal is none: see Filled. */
export class QuestionError extends ToolError {
  override name = "QuestionError";

  constructor(
    readonly key: string,
    message: string,
  ) {
    super(`no answer to the question ${JSON.stringify(key)}: ${message}`);
  }
}

/** The one error, or one that says all. */
export function joined(errors: readonly Error[]): Error {
  const [first] = errors;
  return errors.length === 1 && first ? first : new ToolError(errors.map((err) => err.message).join("\n"));
}
