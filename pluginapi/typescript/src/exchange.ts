// SPDX-License-Identifier: Apache-2.0

// The questions and answers of one call, of which a process sees one round.
//
// What came before is in the answers and the state, so that the plugin and the
// host may be replaced between a question and its answer.

import { create } from "@bufbuild/protobuf";
import type { Capabilities } from "./caller.js";
import { invalidParams, joined, missingCapability, QuestionError, ToolError } from "./errors.js";
import * as pb from "./proto/context_pb.js";
import { MisfitError } from "./schema.js";
import { dump, type JsonObject, load } from "./wire.js";

const MAX_QUESTIONS = 32;
const MAX_KEY = 128;
const MAX_STATE = 64 << 10;
// How often a question is asked whose answer does not fit.
const MAX_ASKED = 2;

/**
 * Ends a round: the question is on its way, and the host calls again. Whoever
 * catches it changes nothing: what was asked is asked, whatever follows.
 */
export class Asked extends Error {
  override name = "Asked";

  constructor() {
    super("the question is on its way; the call begins again when its answer is there");
  }
}

/** A question as the protocol has it. */
export interface InputRequest {
  readonly key: string;
  readonly method: InputMethod;
  readonly params?: JsonObject;
}

/** The MCP method of a question. */
export type InputMethod = "elicitation/create" | "sampling/createMessage" | "roots/list";

/** The protocol's number of a method. */
export const METHODS: Readonly<Record<InputMethod, pb.InputMethod>> = {
  "elicitation/create": pb.InputMethod.ELICIT,
  "sampling/createMessage": pb.InputMethod.SAMPLE,
  "roots/list": pb.InputMethod.LIST_ROOTS,
};

/** What a function returns that takes the rounds into its own hands. */
export class InputRequired {
  constructor(
    readonly requests: readonly InputRequest[],
    /** What call.state is in the next round. */
    readonly state: Uint8Array = new Uint8Array(),
  ) {}
}

/** A question, and what is made of its answer. */
export interface Question<T> {
  readonly request: InputRequest;
  /** The answer. MisfitError: it does not fit, and is asked for once more. */
  readonly take: (result: unknown) => T | Promise<T>;
}

/** The answers to several questions, in their order. */
export type AnswersTo<Q extends readonly Question<unknown>[]> = {
  [I in keyof Q]: Q[I] extends Question<infer T> ? T : never;
};

/** What a client has sent: a result, or why there is none. */
export type Answer = { readonly result: unknown; readonly failure?: undefined } | { readonly failure: string };

interface Memo {
  readonly value: unknown;
  /** The questions that were met while it was made. */
  readonly keys: readonly string[];
}

/** One round. */
export class Exchange {
  readonly #able: Required<Capabilities>;
  readonly #answers = new Map<string, Answer>();
  readonly #asked = new Map<string, number>();
  readonly #memo = new Map<string, Memo>();
  readonly #met = new Map<string, string | undefined>();
  readonly #pending = new Map<string, InputRequest>();
  readonly #failures = new Set<Error>();
  #own: Uint8Array = new Uint8Array();
  #manual = false;

  constructor(able: Required<Capabilities>, resumption: pb.Resumption | undefined) {
    this.#able = able;
    for (const { key, outcome } of resumption?.responses ?? []) {
      const failed = outcome.case === "failure";
      this.#answers.set(
        key,
        failed
          ? { failure: outcome.value.message || "the client gives no reason" }
          : { result: load(outcome.value ?? new Uint8Array()) },
      );
    }
    if (resumption && resumption.state.length > 0) {
      this.#restore(resumption.state);
    }
  }

  #restore(bytes: Uint8Array): void {
    try {
      const state = load(bytes) as { asked?: Record<string, number>; memo?: Record<string, Memo>; own?: string };
      for (const [key, times] of Object.entries(state.asked ?? {})) {
        this.#asked.set(key, Number(times));
      }
      for (const [key, memo] of Object.entries(state.memo ?? {})) {
        this.#memo.set(key, { value: memo.value, keys: [...memo.keys] });
      }
      this.#own = Buffer.from(state.own ?? "", "base64");
    } catch {
      throw invalidParams("the state of the call is not one of this plugin's: start the call again");
    }
  }

  /** The answers to all questions. Asked: there are not all of them yet. */
  async ask<const Q extends readonly Question<unknown>[]>(questions: Q): Promise<AnswersTo<Q>> {
    for (const { request } of questions) {
      this.#meet(request);
    }
    const failures = questions.flatMap(({ request }) => this.#failureOf(request.key));
    if (failures.length > 0) {
      throw this.#fail(failures); // the others would be asked in vain
    }
    const open = questions.filter(({ request }) => !this.#hasAnswer(request.key));
    // Before the first await: the questions of one Promise.all share a round.
    this.#put(open.map(({ request }) => request));
    const again: InputRequest[] = [];
    const taken: unknown[] = [];
    for (const question of questions.filter((one) => !open.includes(one))) {
      try {
        taken.push(await question.take(this.#resultOf(question.request.key)));
      } catch (err) {
        this.#refuse(question.request, err, again, failures);
      }
    }
    if (failures.length > 0) {
      throw this.#fail(failures);
    }
    this.#put(again);
    if (open.length + again.length > 0) {
      throw new Asked();
    }
    return taken as AnswersTo<Q>;
  }

  /** Whether this error says that a question cannot be answered, so that asking others is in vain. */
  isFailure(err: unknown): boolean {
    return this.#failures.has(err as Error);
  }

  /** Whether something was asked that has no answer yet. */
  get hasAsked(): boolean {
    return this.#pending.size > 0;
  }

  /** All answers, for an author who looks at them without us. */
  byHand(): ReadonlyMap<string, Answer> {
    this.#manual = true;
    return this.#answers;
  }

  /** The state of the InputRequired that ended the round before. */
  get own(): Uint8Array {
    return this.#own;
  }

  /** Computes a value once, and keeps it with the questions that were met meanwhile. */
  async memo<T>(key: string, make: () => T | Promise<T>): Promise<T> {
    const kept = this.#memo.get(key);
    if (kept) {
      for (const asked of kept.keys) {
        this.#met.set(asked, this.#met.get(asked));
      }
      return kept.value as T;
    }
    const before = this.#met.size;
    const value = await make();
    dump(value ?? null); // fails here, where the author sees why
    this.#memo.set(key, { value, keys: [...this.#met.keys()].slice(before) });
    return value;
  }

  /** What a round ends with that has asked. */
  end(): pb.InputRequired {
    const fresh = [...this.#pending.keys()].find((key) => !this.#asked.has(key));
    const forgotten = [...this.#asked.keys()].find((key) => !this.#met.has(key) && this.#answers.has(key));
    if (fresh !== undefined && forgotten !== undefined && !this.#manual) {
      throw new ToolError(
        `the plugin asks ${JSON.stringify(fresh)} where it asked ${JSON.stringify(forgotten)} before: a call has to ask ` +
          "the same questions under the same keys whenever it is entered again",
      );
    }
    return this.#end([...this.#pending.values()], this.#own);
  }

  /** What a round ends with that an author has put together. */
  endByHand(required: InputRequired): pb.InputRequired {
    for (const request of required.requests) {
      check(request);
    }
    this.#allow(required.requests);
    return this.#end([...this.#pending.values(), ...required.requests], required.state);
  }

  #meet(request: InputRequest): void {
    check(request);
    const asks = `${request.method} ${JSON.stringify(request.params ?? {})}`;
    if ((this.#met.get(request.key) ?? asks) !== asks) {
      const twice = `two different questions have the key ${JSON.stringify(request.key)}: give each its own`;
      throw this.#fail([new ToolError(twice)]);
    }
    this.#met.set(request.key, asks);
  }

  #hasAnswer(key: string): boolean {
    // What was never asked has none, whatever the client sends.
    return this.#answers.has(key) && (this.#asked.get(key) ?? 0) > 0;
  }

  #resultOf(key: string): unknown {
    const answer = this.#answers.get(key);
    return answer && "result" in answer ? answer.result : null;
  }

  #failureOf(key: string): QuestionError[] {
    const failure = this.#hasAnswer(key) ? this.#answers.get(key)?.failure : undefined;
    return failure === undefined ? [] : [new QuestionError(key, failure)];
  }

  #fail(failures: readonly Error[]): Error {
    const err = joined(failures);
    this.#failures.add(err);
    return err;
  }

  /** What does not fit is asked for once more, then it is a failure. */
  #refuse(request: InputRequest, err: unknown, again: InputRequest[], failures: Error[]): void {
    if (!(err instanceof MisfitError)) {
      throw err;
    }
    if ((this.#asked.get(request.key) ?? 0) < MAX_ASKED) {
      again.push(request);
    } else {
      failures.push(new QuestionError(request.key, `the answer does not fit: ${err.message}`));
    }
  }

  #put(requests: readonly InputRequest[]): void {
    this.#allow(requests);
    for (const request of requests) {
      this.#pending.set(request.key, request);
    }
  }

  #allow(requests: readonly InputRequest[]): void {
    // MCP: a server must not ask for more than the client declares.
    const need: Capabilities = Object.assign({}, ...requests.map(needsOf));
    const lacking = Object.keys(need).some((name) => !this.#able[name as keyof Capabilities]);
    if (lacking) {
      throw this.#fail([missingCapability(need)]);
    }
  }

  #end(requests: readonly InputRequest[], own: Uint8Array): pb.InputRequired {
    if (requests.length > MAX_QUESTIONS) {
      throw new ToolError(`${requests.length} questions at once are more than ${MAX_QUESTIONS}`);
    }
    for (const { key } of requests) {
      this.#asked.set(key, (this.#asked.get(key) ?? 0) + 1);
    }
    const state = dump({
      asked: Object.fromEntries(this.#asked),
      memo: Object.fromEntries(this.#memo),
      own: Buffer.from(own).toString("base64"),
    });
    if (state.length > MAX_STATE) {
      throw new ToolError(
        `what the call keeps for its next round has ${state.length} bytes, the limit is ${MAX_STATE}`,
      );
    }
    return create(pb.InputRequiredSchema, { requests: requests.map(wireRequest), state });
  }
}

function check({ key, method, params = {} }: InputRequest): void {
  if (key === "" || Buffer.byteLength(key) > MAX_KEY) {
    throw new ToolError(`question ${JSON.stringify(key)}: a key has 1 to ${MAX_KEY} bytes`);
  }
  if (!Object.hasOwn(METHODS, method)) {
    throw new ToolError(`question ${JSON.stringify(key)}: there is no method ${JSON.stringify(method)}`);
  }
  if (method === "elicitation/create" && params["mode"] === "url" && !URL.canParse(String(params["url"]))) {
    const what = JSON.stringify(params["url"]);
    throw new ToolError(`question ${JSON.stringify(key)}: ${what} is no URL, such as https://example.com`);
  }
}

function needsOf({ method, params = {} }: InputRequest): Capabilities {
  switch (method) {
    case "elicitation/create":
      return params["mode"] === "url" ? { elicitationUrl: true } : { elicitationForm: true };
    case "sampling/createMessage":
      return { sampling: true, ...(("tools" in params || "toolChoice" in params) && { samplingTools: true }) };
    default:
      return { roots: true };
  }
}

function wireRequest({ key, method, params }: InputRequest): pb.InputRequest {
  return create(pb.InputRequestSchema, {
    key,
    method: METHODS[method],
    paramsJson: method === "roots/list" ? new Uint8Array() : dump(params ?? {}),
  });
}
