// SPDX-License-Identifier: Apache-2.0

// Matches URIs against templates: RFC 6570, {name} and {+name}.

import { DeclarationError } from "./errors.js";

type Name<Expression extends string> = Expression extends `+${infer Plain}` ? Plain : Expression;

type Names<Text extends string> = Text extends `${string}{${infer Expression}}${infer Rest}`
  ? Name<Expression> | Names<Rest>
  : never;

/** The variables of a template, by name, as far as its text is known when compiling. */
export type Variables<Text extends string> = string extends Text
  ? Readonly<Record<string, string>>
  : { readonly [Variable in Names<Text>]: string };

const EXPRESSION = /\{([^{}]*)\}/;
const NAME = /^(\+?)([A-Za-z0-9_.]+)$/;
// What a value may hold: unreserved characters and escapes; with + reserved ones.
const SIMPLE = "((?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})+)";
const RESERVED = "((?:[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})+)";

/** A URI template, to be matched. {+name} matches across slashes. */
export class Template {
  readonly names: readonly string[];
  readonly #pattern: RegExp;

  constructor(readonly text: string) {
    const names: string[] = [];
    // Split by a pattern with a group, every other piece is an expression.
    const pieces = text.split(EXPRESSION).map((piece, i) => {
      if (i % 2 === 0) {
        return literal(piece, text);
      }
      const found = NAME.exec(piece);
      const name = found?.[2];
      if (name === undefined) {
        throw new DeclarationError(`template ${text}: {${piece}} is none of {name} and {+name}`);
      }
      if (names.includes(name)) {
        throw new DeclarationError(`template ${text}: ${name} is there twice`);
      }
      names.push(name);
      return found?.[1] ? RESERVED : SIMPLE;
    });
    this.names = names;
    this.#pattern = new RegExp(`^${pieces.join("")}$`);
  }

  /** The variables as the URI gives them, decoded; undefined if it is another's. */
  match(uri: string): Record<string, string> | undefined {
    const found = this.#pattern.exec(uri);
    if (!found) {
      return undefined;
    }
    try {
      return Object.fromEntries(this.names.map((name, i) => [name, decodeURIComponent(found[i + 1] ?? "")]));
    } catch {
      return undefined; // escapes that are no UTF-8
    }
  }
}

function literal(piece: string, text: string): string {
  if (/[{}]/.test(piece)) {
    throw new DeclarationError(`template ${text}: a brace has no partner`);
  }
  return piece.replace(/[.*+?^$()|[\]\\/-]/g, "\\$&");
}
