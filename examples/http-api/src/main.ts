// SPDX-License-Identifier: Apache-2.0

// Runs the plugin as a process of mcphost.

import { newPlugin } from "./plugin.js";

await newPlugin().run();
