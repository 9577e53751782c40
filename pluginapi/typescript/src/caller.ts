// SPDX-License-Identifier: Apache-2.0

// What a plugin may know about a call, the same for every version of MCP.

import type { MessageInitShape } from "@bufbuild/protobuf";
import * as pb from "./proto/context_pb.js";
import { type JsonObject, load } from "./wire.js";

/** The severities of messages for the client (RFC 5424), the least first. */
export const LOG_LEVELS = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"] as const;

/** The severity of a message for the client, as MCP names it. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What can be asked of a client. */
export interface Capabilities {
  /** Ask the person to fill in a form. */
  readonly elicitationForm?: boolean;
  /** Ask the person to visit a URL. */
  readonly elicitationUrl?: boolean;
  /** Ask the client's model. */
  readonly sampling?: boolean;
  /** Ask the client's model with tools. */
  readonly samplingTools?: boolean;
  /** Ask for the client's root folders. */
  readonly roots?: boolean;
}

/** The client program's own word about itself. For display only. */
export interface Client {
  readonly name: string;
  readonly version: string;
  readonly title: string;
}

/** An authenticated caller. */
export interface Principal {
  /** Unique within the issuer; empty: nobody in particular. */
  readonly subject: string;
  /** Who vouches for the subject; empty: the host itself. */
  readonly issuer: string;
  readonly scopes: readonly string[];
}

/** What a plugin may know about a call. */
export interface Caller {
  /** Names the call in logs; unique in the host's life. */
  readonly requestId: string;
  /** Names the client's connection. Empty where there is none: keep no state then. */
  readonly connectionId: string;
  readonly client: Client;
  /** What the client can do on this call. */
  readonly capabilities: Required<Capabilities>;
  /** The least severe that log() passes on; undefined: none. */
  readonly logLevel: LogLevel | undefined;
  /** Whether anybody reads what progress() says. */
  readonly wantsProgress: boolean;
  readonly principal: Principal;
  /** The HTTP headers that the operator allows the plugin to see. */
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  /** The request's "_meta". */
  readonly meta: JsonObject;
}

/** The context of a call as the host sent it. */
export function readCaller(wire: pb.CallContext | undefined): Caller {
  const { client, principal } = wire ?? {};
  return {
    requestId: wire?.requestId ?? "",
    connectionId: wire?.connectionId ?? "",
    client: { name: client?.name ?? "", version: client?.version ?? "", title: client?.title ?? "" },
    capabilities: allCapabilities(wire?.capabilities ?? {}),
    logLevel: levelOf(wire?.logLevel ?? pb.LogLevel.UNSPECIFIED),
    wantsProgress: wire?.wantsProgress ?? false,
    principal: {
      subject: principal?.subject ?? "",
      issuer: principal?.issuer ?? "",
      scopes: principal?.scopes ?? [],
    },
    headers: (wire?.headers ?? []).map(({ name, value }) => ({ name, value })),
    meta: (load(wire?.metaJson ?? new Uint8Array()) ?? {}) as JsonObject,
  };
}

/** The capabilities with each of them said. */
export function allCapabilities(some: Capabilities): Required<Capabilities> {
  return {
    elicitationForm: some.elicitationForm ?? false,
    elicitationUrl: some.elicitationUrl ?? false,
    sampling: some.sampling ?? false,
    samplingTools: some.samplingTools ?? false,
    roots: some.roots ?? false,
  };
}

/** Capabilities as a definition or an error holds them. */
export function wireCapabilities(some: Capabilities): MessageInitShape<typeof pb.ClientCapabilitiesSchema> {
  return allCapabilities(some);
}

/** The protocol's number of a level. */
export function wireLevel(level: LogLevel): pb.LogLevel {
  return LOG_LEVELS.indexOf(level) + 1;
}

/** The level of a number; undefined: none, or one that is not known. */
export function levelOf(wire: pb.LogLevel): LogLevel | undefined {
  return LOG_LEVELS[wire - 1];
}
