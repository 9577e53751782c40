// SPDX-License-Identifier: Apache-2.0

/**
 * Turns Java functions into a plugin of mcphost.
 *
 * <p>A plugin is a process that offers tools, resources, prompts and completions to every client of
 * the host. This package knows the plugin protocol and the handshake that starts it. It knows
 * nothing of MCP's versions, transports and sessions: the host bridges those. A whole plugin:
 *
 * <pre>{@code
 * public final class Main {
 *   record Greet(@Description("whom to greet") String who) {}
 *
 *   public static void main(String[] args) {
 *     new Plugin("greet", "1.0.0")
 *         .add(Tool.text("greet", Greet.class, (in, call) -> "Hello, " + in.who() + "!")
 *             .description("Say hello to someone.")
 *             .readOnly())
 *         .run();
 *   }
 * }
 * }</pre>
 */
package io.mcphost.plugin;
