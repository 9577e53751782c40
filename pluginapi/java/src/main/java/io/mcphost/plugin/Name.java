// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** What a member of a record, or a constant of an enum, is called in JSON; its own name without. */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.RECORD_COMPONENT, ElementType.FIELD})
public @interface Name {
  /** The name. */
  String value();
}
