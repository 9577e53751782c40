// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What the schema says of a member besides its type. All but the title and the format is checked.
 * What does not apply to the type, such as min to a String, is a {@link DeclarationException}.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Limit {
  /** A name for people. Default: none. */
  String title() default "";

  /** The least that a number may be. Default: what its type holds. For a string: minLength. */
  double min() default Double.NEGATIVE_INFINITY;

  /** The most that a number may be. Default: what its type holds. For a string: maxLength. */
  double max() default Double.POSITIVE_INFINITY;

  /** The least length of a string, in characters, or of a list. Default: 0. */
  int minLength() default 0;

  /** The greatest length of a string, in characters, or of a list. Default: no limit. */
  int maxLength() default Integer.MAX_VALUE;

  /** A regular expression that a string must match somewhere. Default: none. */
  String pattern() default "";

  /** Of a string: "email", "uri", "date" or "date-time"; for people and forms. Default: none. */
  String format() default "";
}
