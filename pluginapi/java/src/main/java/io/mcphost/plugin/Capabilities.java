// SPDX-License-Identifier: Apache-2.0

package io.mcphost.plugin;

import mcphost.plugin.v1.Context.ClientCapabilities;

/**
 * What can be asked of a client.
 *
 * @param elicitationForm ask the person to fill in a form
 * @param elicitationUrl ask the person to visit a URL
 * @param sampling ask the client's model
 * @param samplingTools ask the client's model with tools
 * @param roots ask for the client's root folders
 */
public record Capabilities(
    boolean elicitationForm,
    boolean elicitationUrl,
    boolean sampling,
    boolean samplingTools,
    boolean roots) {

  /** Nothing at all. */
  public static final Capabilities NONE = new Capabilities(false, false, false, false, false);

  /** Everything. */
  public static final Capabilities ALL = new Capabilities(true, true, true, true, true);

  /** A form. */
  public static final Capabilities FORM = new Capabilities(true, false, false, false, false);

  /** A URL. */
  public static final Capabilities URL = new Capabilities(false, true, false, false, false);

  /** The model. */
  public static final Capabilities SAMPLING = new Capabilities(false, false, true, false, false);

  /** The model, with tools. */
  public static final Capabilities SAMPLING_TOOLS =
      new Capabilities(false, false, true, true, false);

  /** The root folders. */
  public static final Capabilities ROOTS = new Capabilities(false, false, false, false, true);

  /** What either has. */
  public Capabilities and(Capabilities other) {
    return new Capabilities(
        elicitationForm || other.elicitationForm,
        elicitationUrl || other.elicitationUrl,
        sampling || other.sampling,
        samplingTools || other.samplingTools,
        roots || other.roots);
  }

  /** Whether this has all that the other has. */
  public boolean covers(Capabilities other) {
    return and(other).equals(this);
  }

  ClientCapabilities wire() {
    return ClientCapabilities.newBuilder()
        .setElicitationForm(elicitationForm)
        .setElicitationUrl(elicitationUrl)
        .setSampling(sampling)
        .setSamplingTools(samplingTools)
        .setRoots(roots)
        .build();
  }

  static Capabilities read(ClientCapabilities wire) {
    return new Capabilities(
        wire.getElicitationForm(),
        wire.getElicitationUrl(),
        wire.getSampling(),
        wire.getSamplingTools(),
        wire.getRoots());
  }
}
