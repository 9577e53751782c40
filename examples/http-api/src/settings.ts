// SPDX-License-Identifier: Apache-2.0

// What the operator says of the API.

import { z } from "zod";

/** The settings as the operator writes them. */
export const Settings = z.object({
  base_url: z.url({ protocol: /^https?$/ }).describe("where the API begins; nothing outside of it is ever asked"),
  token: z
    .string()
    .regex(/^[\x20-\x7e]*$/)
    .default("")
    .meta({ writeOnly: true })
    .describe("sent with every request; empty: none"),
  token_header: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/)
    .default("Authorization")
    .describe("the header that holds the token"),
  token_prefix: z.string().default("Bearer ").describe("what stands before the token in that header"),
  timeout_seconds: z.number().min(0.1).max(300).default(10).describe("how long one answer may take"),
  collections: z
    .record(
      z.string().regex(/^[A-Za-z0-9_-]+$/),
      z.object({
        path: z.string().describe("of the list, below base_url"),
        items_at: z.string().default("").describe("the member of the answer that is the list; empty: the answer is"),
        id: z.string().default("id").describe("the member of an item that is its name in the path"),
        query: z.string().default("q").describe("the parameter that holds the words of a search"),
      }),
    )
    .default({})
    .describe("lists that can be searched, by name; their items are at PATH/ID"),
});

/** The settings, with all defaults. */
export type Settings = z.infer<typeof Settings>;

/** A list that can be searched. */
export type Collection = Settings["collections"][string];
