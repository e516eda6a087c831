# Everything a person or a continuous integration needs; `make help` lists it.
SHELL   := bash
SWIFT   ?= swift
PREFIX  ?= /usr/local
DESTDIR ?=
UNITS   ?= $(PREFIX)/lib/systemd/system
RELEASE := $(SWIFT) build -c release
BINARY  := .build/release/vnet-apply

.PHONY: help setup build demo test prove lab check bench gallery release install clean

help: ## what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-9s%s\n", $$1, $$2 }'

setup: ## install what is missing (Debian packages); checks the Swift toolchain
	@scripts/setup

build: ## a debug build
	$(SWIFT) build

demo: setup ## show it at work, in throwaway network namespaces (root)
	@scripts/demo

test: setup ## build and run every test, on what ships; the kernel's as root, the lab's in the lab
	@scripts/test

prove: setup ## failures and kills at every call, of which `make test` tries some; hours
	@VNET_FAULT_POINTS=all VNET_FUZZ=1000000 VNET_PAIRS=100000 VNET_TOPOLOGIES=400 VNET_REPLAYS=800 scripts/test --filter 'Replay|Fuzz|Fault|Kill|Crowd|Stuck|Property|StatePair|Hostile|DedicatedNetns|FirewalldZone'
	@VNET_FAULT_POINTS=all scripts/test --filter ProbeTests
	@VNET_FAULT_POINTS=all LAB_LIMIT=36000 lab/run --filter 'VLAN.*FaultTests|ForwardingOfAllFaultTests|Dedicated(VFIO|Function)Tests'
	@scripts/prove

lab: setup ## boot Debian kernels under QEMU and run on them what this kernel may lack
	$(RELEASE) --build-tests
	@lab/run

check: setup ## format, layers, warnings, leftovers
	@scripts/check

bench: setup release ## speed against ip -batch, the best C and others; QUICK=1 for a short one (root)
	@bench/run $(if $(QUICK),--quick)

gallery: build ## docs/gallery.md with its pictures, from examples/*.conf
	@scripts/gallery

release: setup ## the binary that ships: .build/release/vnet-apply
	$(RELEASE)

install: $(BINARY) ## what `make release` built, with completions and the unit for the boot, into $(DESTDIR)$(PREFIX)
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/vnet-apply
	install -d $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions zsh/site-functions fish/vendor_completions.d)
	$(BINARY) --generate-completion-script bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/vnet-apply
	$(BINARY) --generate-completion-script zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_vnet-apply
	$(BINARY) --generate-completion-script fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/vnet-apply.fish
	install -d $(DESTDIR)$(UNITS)
	sed 's,@PREFIX@,$(PREFIX),' systemd/vnet-apply.service.in >$(DESTDIR)$(UNITS)/vnet-apply.service

$(BINARY):
	$(MAKE) release

clean: ## remove what was built
	rm -rf .build bench/.build
