# Every recipe works in a fresh clone with Go alone; what tests need beside it, tools/need.sh brings.

GO ?= go
# One server for all test binaries; it goes with the command.
WITH_POSTGRES = $(GO) run ./dbtest/pgserver
# -modfile keeps 200 modules of linters out of the program's own go.mod.
TOOL = $(GO) tool -modfile=tools/go.mod

.DEFAULT_GOAL := help
.PHONY: help demo test lint race bench soak screenshots need

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## a shop, its buyers and their systems on this machine; prints the address to open
	$(GO) run ./cmd/kontor demo

test: need ## all tests, on SQLite and PostgreSQL and in a browser; installs what is missing
	axe=$$(./tools/axe.sh) && KONTOR_AXE=$${KONTOR_AXE:-$$axe} $(WITH_POSTGRES) $(GO) test -timeout 20m ./...

lint: ## gofmt, vet, linters, the import graph, known vulnerabilities
	@unformatted=$$(gofmt -l .); test -z "$$unformatted" || { echo "gofmt -w is needed for:"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(TOOL) golangci-lint run ./...
	@./tools/vulnerabilities.sh

# SQLite is 40 times slower here (its C was translated to Go, every access is watched), so tests
# play fewer rounds on it when KONTOR_RACE is set: see dbtest.Histories.
race: need ## the race detector: PostgreSQL and pure packages in full, SQLite with small numbers
	CGO_ENABLED=1 KONTOR_RACE=1 KONTOR_HISTORIES=$${KONTOR_RACE_HISTORIES:-200} $(WITH_POSTGRES) $(GO) test -race -timeout 25m ./...

bench: need ## benchmarks of the packages and of the whole server, on SQLite and a flushing PostgreSQL
	@./tools/bench.sh

soak: need ## for hours: long fuzzing, many random histories, the program killed again and again
	KONTOR_KILLS=$${KONTOR_KILLS:-20} KONTOR_HISTORIES=$${KONTOR_HISTORIES:-20000} $(WITH_POSTGRES) $(GO) test -count=1 -timeout 8h ./...
	./tools/fuzz.sh $${KONTOR_FUZZTIME:-1h} $${KONTOR_FUZZTIME_OTHERS:-10m}

screenshots: need ## docs/pictures, drawn anew from the demo in Chromium
	KONTOR_PICTURES=$(CURDIR)/docs/pictures $(GO) test -count=1 -timeout 10m -run '^TestPictures$$' ./cmd/kontor

need:
	@./tools/need.sh
