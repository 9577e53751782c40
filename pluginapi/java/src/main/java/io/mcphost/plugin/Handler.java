// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

/**
 * Does the work of a tool, a resource or a prompt.
 *
 * <p>It may be called by several threads at once. When nobody waits any more its thread is
 * interrupted. A {@link ToolException} or IllegalArgumentException is for the model to read, a
 * {@link ProtocolException} for the client's developer; any other exception is "internal error",
 * with the stack in the operator's log.
 *
 * @param <A> what it is given
 * @param <R> what it returns
 */
@FunctionalInterface
public interface Handler<A, R> {
  /** Does the work of one call, or of one round of it. */
  R handle(A in, Call call) throws Exception;
}
