// SPDX-License-Identifier: Apache-2.0

package sqlitequery;

import com.google.gson.JsonElement;
import io.mcphost.plugin.Description;
import java.util.List;

/** What a query found. */
record Rows(
    List<String> columns,
    @Description("NULL is null, a blob is an object with its base64") List<List<JsonElement>> rows,
    @Description("whether there is more than was returned") boolean truncated) {}
