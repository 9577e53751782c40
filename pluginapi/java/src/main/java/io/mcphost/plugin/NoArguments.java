// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

/** The arguments of what takes none. */
public record NoArguments() {}
