#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Generates src/proto from the plugin protocol. It needs protoc on the path.
set -eu
cd "$(dirname "$0")"
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
npm install --silent --no-save --prefix "$tools" @bufbuild/protoc-gen-es@2.17.0
draft="$tools/out"
mkdir "$draft"
protoc -I ../../proto --plugin="$tools/node_modules/.bin/protoc-gen-es" \
	--es_out="$draft" --es_opt=target=ts,import_extension=js ../../proto/mcphost/plugin/v1/*.proto
rm -f src/proto/*_pb.ts
cp "$draft"/mcphost/plugin/v1/*_pb.ts src/proto/
