# The workshop. `make help` lists what it does; `make run` and `make test` are
# all that a newcomer needs, on a machine with Go and make.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN     := $(CURDIR)/bin
TOOLS   := $(CURDIR)/.tmp/bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
ADDR    ?= 127.0.0.1:8321
# The bundled plugins. The fixtures of the conformance suite serve nobody else.
PLUGINS := $(filter-out conformance,$(notdir $(wildcard plugins/*)))

# Pinned: the same tools write and judge the same code everywhere.
BUF_VERSION         := v1.73.0
PROTOC_GEN_GO       := v1.36.12
PROTOC_GEN_GO_GRPC  := v1.6.2
STATICCHECK_VERSION := v0.8.2

.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build bin/mcphost and the bundled plugins in bin/plugins/
	@mkdir -p $(BIN)/plugins
	go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/mcphost ./cmd/mcphost
	@for name in $(PLUGINS); do \
		echo "go build -trimpath -ldflags '$(LDFLAGS)' -o bin/plugins/$$name ./plugins/$$name"; \
		go build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/plugins/$$name ./plugins/$$name; \
	done

.PHONY: run
run: build ## Build, then serve the bundled plugins at http://127.0.0.1:8321/mcp (files: this folder, read-only)
	$(BIN)/mcphost serve --http $(ADDR) --config examples/mcphost.yaml --plugins $(BIN)/plugins

.PHONY: test
test: ## Run all tests with the race detector (installs what they need)
	go test -race ./...

.PHONY: kits
kits: ## Run the author kits' own tests and checks, each with the tools of its language (REQUIRE makes missing ones a failure)
	@for kit in python:python:python3 typescript:node:npm rust:rust:cargo java:java:mvn; do \
		IFS=: read -r lang what tool <<<"$$kit"; \
		[ -d pluginapi/$$lang ] || continue; \
		if command -v $$tool >/dev/null; then echo "pluginapi/$$lang"; $(MAKE) -C pluginapi/$$lang test check; \
		elif [[ ",$$REQUIRE," == *",$$what,"* ]]; then echo "pluginapi/$$lang: there is no $$tool"; exit 1; \
		else echo "pluginapi/$$lang: skipped: there is no $$tool"; fi; \
	done

.PHONY: check
check: format vet staticcheck lint-proto ## Everything that judges code without running it

.PHONY: format
format: ## Fail if a Go file is not formatted
	@unformatted=$$(gofmt -l $$(git ls-files --cached --others --exclude-standard '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted (run gofmt -w):"; echo "$$unformatted"; exit 1; fi

.PHONY: vet
vet: ## go vet, for every platform that is served
	go vet ./...
	GOOS=darwin go vet ./...
	GOOS=windows go vet ./...

.PHONY: staticcheck
staticcheck: $(TOOLS)/staticcheck-$(STATICCHECK_VERSION) ## Run staticcheck
	$< ./...

.PHONY: lint-proto
lint-proto: $(TOOLS)/buf-$(BUF_VERSION) ## Lint the plugin protocol
	$< lint

# What is compared with is a file, not a branch: a clone of any depth has it.
FROZEN := proto/frozen/v1.binpb

.PHONY: breaking
breaking: $(TOOLS)/buf-$(BUF_VERSION) ## Fail if a plugin that was built for a released protocol would break
	$< build --path proto/mcphost -o - | $< breaking - --against $(FROZEN)

.PHONY: freeze
freeze: breaking ## Make what the protocol has gained part of what may not break (with each release)
	$(TOOLS)/buf-$(BUF_VERSION) build --path proto/mcphost --exclude-source-info -o $(FROZEN)

.PHONY: generate
generate: $(TOOLS)/buf-$(BUF_VERSION) $(TOOLS)/protoc-gen-go-$(PROTOC_GEN_GO) $(TOOLS)/protoc-gen-go-grpc-$(PROTOC_GEN_GO_GRPC) ## Generate Go and docs/protocol.md from the plugin protocol
	PATH="$(TOOLS):$$PATH" $< generate
	$< build proto -o - | go run ./internal/protodoc > docs/protocol.md.new
	mv docs/protocol.md.new docs/protocol.md

.PHONY: generate-check
generate-check: ## Fail if generated code is not what generating gives
	@before=$$(cat proto/mcphost/plugin/v1/*.pb.go docs/protocol.md | sha256sum); \
	$(MAKE) generate; \
	after=$$(cat proto/mcphost/plugin/v1/*.pb.go docs/protocol.md | sha256sum); \
	if [ "$$before" != "$$after" ]; then echo "generated code is stale: run make generate and commit it"; exit 1; fi

.PHONY: bench
BENCHTIME ?= 1s
bench: ## Time one tools/call through each layer and end to end, with allocations, BENCHTIME each (1s; 1x only runs all of it)
	go test -run '^$$' -bench . -benchtime $(BENCHTIME) -benchmem ./host/...

.PHONY: languages
languages: ## Measure the author kits against each other and write the table in docs/performance.md (needs every language's tools)
	go run ./internal/languages -write docs/performance.md

.PHONY: conformance
conformance: build ## Run the official conformance suites against one host process, over HTTP and stdio (needs npm)
	go run ./internal/conformance

.PHONY: fuzz
FUZZTIME ?= 20s
fuzz: ## Fuzz every target for FUZZTIME (20s each; 20000x counts runs)
	@for file in $$(grep -rlE --include='*_test.go' '^func Fuzz' host plugins pluginapi cmd); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$file | cut -c6-); do \
			echo "$$target ($$(dirname $$file))"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1x ./$$(dirname $$file); \
		done; \
	done

# Fuzzing counts its runs here: with a time, go test -fuzz now and then reports
# its own end as a failing input ("context deadline exceeded", golang/go issue 75804, fixed in Go 1.27).
.PHONY: ci
ci: ## What continuous integration runs, in this order
	$(MAKE) system
	$(MAKE) check
	$(MAKE) breaking
	$(MAKE) generate-check
	$(MAKE) build
	$(MAKE) fuzz FUZZTIME=20000x
	$(MAKE) bench BENCHTIME=1x
	REQUIRE=python,node $(MAKE) conformance
	$(MAKE) test-required

# A target of its own: what can be required is known when "system" is done.
.PHONY: test-required
test-required:
	REQUIRE=$(REQUIRED) $(MAKE) kits
	REQUIRE=$(REQUIRED) go test -race -timeout 30m ./...

# What must not be skipped in continuous integration: all that "system" can
# install, Rust where there is a toolchain (that of distributions is too old),
# and the specification's schemas, which are no part of a clone, where they are
# beside it.
comma := ,
REQUIRED = python,node,java$(if $(shell command -v cargo),$(comma)rust)$(if $(shell pkg-config --exists grpc++ 2>/dev/null && echo yes),$(comma)cpp)$(if $(wildcard ../shared/schema),$(comma)schema)

# A bare machine has Go and make. What the tests of other languages need besides
# is installed where that is possible; elsewhere those tests say what is missing.
.PHONY: system
system:
	@need=; \
	command -v python3 >/dev/null && python3 -c 'import venv, ensurepip' 2>/dev/null || need="$$need python3 python3-venv"; \
	command -v npm >/dev/null || need="$$need nodejs npm"; \
	command -v javac >/dev/null || need="$$need default-jdk-headless"; \
	command -v mvn >/dev/null || need="$$need maven"; \
	command -v g++ >/dev/null || need="$$need g++"; \
	command -v grpc_cpp_plugin >/dev/null && pkg-config --exists grpc++ 2>/dev/null || \
		need="$$need pkg-config libgrpc++-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc"; \
	if [ -n "$$need" ] && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$need >/dev/null; \
	elif [ -n "$$need" ]; then echo "missing:$$need"; fi

.PHONY: clean
clean: ## Remove what was built
	rm -rf $(BIN)

$(TOOLS)/buf-$(BUF_VERSION):
	$(call install,github.com/bufbuild/buf/cmd/buf@$(BUF_VERSION),buf)
$(TOOLS)/protoc-gen-go-$(PROTOC_GEN_GO):
	$(call install,google.golang.org/protobuf/cmd/protoc-gen-go@$(PROTOC_GEN_GO),protoc-gen-go)
$(TOOLS)/protoc-gen-go-grpc-$(PROTOC_GEN_GO_GRPC):
	$(call install,google.golang.org/grpc/cmd/protoc-gen-go-grpc@$(PROTOC_GEN_GO_GRPC),protoc-gen-go-grpc)
$(TOOLS)/staticcheck-$(STATICCHECK_VERSION):
	$(call install,honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION),staticcheck)

# install puts a tool under its own name, for those who call it by that, and
# under the name with its version, which is what makes a new pin rebuild it.
define install
	GOBIN=$(TOOLS) go install $(1)
	cp $(TOOLS)/$(2) $@
endef
