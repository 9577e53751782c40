// SPDX-License-Identifier: Apache-2.0

// Writes the operator's log to standard error, one line of JSON for each
// message, in the form that the host reads (go-hclog's).

/** The operator's log. Values are JSON, or errors, whose stack is written. */
export interface Logger {
  debug(message: string, values?: Readonly<Record<string, unknown>>): void;
  info(message: string, values?: Readonly<Record<string, unknown>>): void;
  warn(message: string, values?: Readonly<Record<string, unknown>>): void;
  error(message: string, values?: Readonly<Record<string, unknown>>): void;
}

/** The operator's log of a part of the plugin; always are values of every line. */
export function newLogger(module: string, always: Readonly<Record<string, unknown>> = {}): Logger {
  const at =
    (level: string) =>
    (message: string, values: Readonly<Record<string, unknown>> = {}) => {
      const named = { "@level": level, "@message": message, "@module": module, "@timestamp": new Date().toISOString() };
      process.stderr.write(`${line({ ...named, ...always, ...values })}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** The operator's log. In a call prefer the call's own, which names the call. */
export const logger: Logger = newLogger("plugin");

/** What goes wrong in the kit, or in the author's code that it calls. */
export const kitLogger: Logger = newLogger("mcphost_plugin");

/** The values as JSON. To log must not fail, so what cannot be read is left out. */
function line(values: Readonly<Record<string, unknown>>): string {
  try {
    return JSON.stringify(values, spelt);
  } catch {
    return JSON.stringify(Object.fromEntries(Object.entries(values).map(([name, value]) => [name, readable(value)])));
  }
}

function readable(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value, spelt) ?? "null");
  } catch {
    return "(cannot be read)";
  }
}

function spelt(_: string, value: unknown): unknown {
  if (value instanceof Error) {
    return value.stack ?? value.message;
  }
  return typeof value === "bigint" ? String(value) : value;
}
