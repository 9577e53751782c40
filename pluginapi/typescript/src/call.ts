// SPDX-License-Identifier: Apache-2.0

// What a plugin's function can do during a call: progress, log, who asks, and
// questions. Once the call is over, progress and log do nothing.

import { create } from "@bufbuild/protobuf";
import { type Caller, LOG_LEVELS, type LogLevel, wireLevel } from "./caller.js";
import type { Answer, AnswersTo, Exchange, Question } from "./exchange.js";
import { type Logger, newLogger } from "./operator.js";
import * as pb from "./proto/context_pb.js";
import {
  type Action,
  type Filled,
  formQuestion,
  type Root,
  rootsQuestion,
  type Sampled,
  type SampleMessage,
  type SampleOptions,
  sampleQuestion,
  urlQuestion,
} from "./questions.js";
import type { Schema } from "./schema.js";
import { dump, type JsonObject } from "./wire.js";

/** What a call says before its outcome. */
export type CallEvent =
  | { readonly case: "progress"; readonly value: pb.Progress }
  | { readonly case: "log"; readonly value: pb.Log }
  | { readonly case: "releaseStream"; readonly value: pb.ReleaseStream };

/**
 * One call, or one round of it.
 *
 * A question ends the round. This is what really happens: the first time,
 * `await call.elicit(...)` throws Asked and the call is over; nothing waits, and
 * plugin and host may be replaced meanwhile. When the answer is there, the host
 * calls the function again from its beginning with the same arguments, and
 * elicit returns the answer. So what comes before a question runs again: put
 * effects after the last question, or into memo. A call must come to the same
 * questions under the same keys each time.
 */
export class Call {
  /** The operator's log, which names the call in every line. */
  readonly logger: Logger;
  readonly #exchange: Exchange;
  readonly #emit: (event: CallEvent) => void;
  #done = Number.NEGATIVE_INFINITY;

  /** @internal */
  constructor(
    /** Who is calling. */
    readonly caller: Caller,
    /** Aborted when nobody waits for the result any more: stop then. */
    readonly signal: AbortSignal,
    exchange: Exchange,
    emit: (event: CallEvent) => void,
  ) {
    this.#exchange = exchange;
    this.#emit = emit;
    this.logger = newLogger("plugin", { request_id: caller.requestId });
  }

  /**
   * Tells the client how far the call is: done so far of total, in any unit.
   * done must grow from time to time; what does not is dropped.
   */
  progress(done: number, total?: number, message = ""): void {
    if (!this.caller.wantsProgress || !(done > this.#done)) {
      return;
    }
    this.#done = done;
    const said = { progress: done, message: message.toWellFormed(), ...(total !== undefined && { total }) };
    this.#emit({ case: "progress", value: create(pb.ProgressSchema, said) });
  }

  /**
   * Sends a log message to the client, never secrets. What concerns the operator
   * goes to the logger instead. It does nothing for levels that the client does
   * not want.
   */
  log(level: LogLevel, message: string, values?: JsonObject): void {
    const { logLevel } = this.caller;
    if (logLevel === undefined || LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(logLevel)) {
      return;
    }
    const dataJson = dump(values ? { message, ...values } : message);
    this.#emit({ case: "log", value: create(pb.LogSchema, { level: wireLevel(level), dataJson }) });
  }

  /**
   * Asks the host to end the client's response stream and let it resume after so
   * many milliseconds, so that a long call holds no connection. Default: the host decides.
   */
  releaseStream(retryAfterMs = 0): void {
    this.#emit({ case: "releaseStream", value: create(pb.ReleaseStreamSchema, { retryAfterMs }) });
  }

  /**
   * Asks a person to fill in a form: a flat object of strings, numbers, booleans
   * and choices. An accepted answer conforms to it; one that does not is asked
   * once more. Never ask for secrets in a form: use elicitUrl.
   */
  elicit<T>(form: Schema<T>, key: string, message: string): Promise<Filled<T>> {
    return this.#one(formQuestion(form, key, message));
  }

  /**
   * Asks a person to visit a URL, for what must not pass through the client.
   * "accept" means that they agreed, not that they are done there.
   */
  elicitUrl(key: string, message: string, url: string): Promise<Action> {
    return this.#one(urlQuestion(key, message, url));
  }

  /** Asks the client's model. */
  sample(key: string, messages: readonly SampleMessage[], options?: SampleOptions): Promise<Sampled> {
    return this.#one(sampleQuestion(key, messages, options));
  }

  /** The folders that the client works in. */
  roots(key: string): Promise<readonly Root[]> {
    return this.#one(rootsQuestion(key));
  }

  /** Puts several questions to the client in one round and returns their answers, in order. */
  ask<const Q extends readonly Question<unknown>[]>(...questions: Q): Promise<AnswersTo<Q>> {
    return forgettable(this.#exchange.ask(questions));
  }

  /**
   * Computes a value once and carries it through the rounds of the call, with the
   * next question. It passes through JSON.
   */
  memo<T>(key: string, make: () => T | Promise<T>): Promise<T> {
    return this.#exchange.memo(key, make);
  }

  /** All that the client has answered in this call so far, unchecked, by key. */
  answers(): ReadonlyMap<string, Answer> {
    return this.#exchange.byHand();
  }

  /** The state of the InputRequired that ended the round before. */
  get state(): Uint8Array {
    return this.#exchange.own;
  }

  #one<T>(question: Question<T>): Promise<T> {
    return forgettable(this.#exchange.ask([question]).then(([answer]) => answer as T));
  }
}

/** A promise that may fail though nobody awaits it: what is asked is asked all the same. */
function forgettable<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return answer;
}
