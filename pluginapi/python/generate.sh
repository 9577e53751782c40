#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Generates mcphost_plugin/_proto from the plugin protocol. It needs
# grpcio-tools 1.62.3 (and setuptools): what that generates runs with every
# protobuf since 4.25, which what newer ones generate does not.
set -eu
cd "$(dirname "$0")"
out=mcphost_plugin/_proto
draft=$(mktemp -d)
trap 'rm -rf "$draft"' EXIT
"${PYTHON:-python3}" -m grpc_tools.protoc -I ../../proto --python_out="$draft" --pyi_out="$draft" \
	../../proto/mcphost/plugin/v1/*.proto
for file in "$draft"/mcphost/plugin/v1/*; do
	# The package is ours, not one of the global name "mcphost".
	sed 's/^from mcphost\.plugin\.v1 import/from . import/' "$file" > "$out/$(basename "$file")"
done
