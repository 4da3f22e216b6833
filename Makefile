# SPDX-License-Identifier: Apache-2.0
# mod_authjwt: short targets, one list of sources. `make help` names them.
APXS     ?= apxs
CC       ?= cc
B        ?= build
PYTHON   ?= /usr/bin/python3
PORT     ?= 8080
DESTDIR  ?=
# Where revocations live by default; written into the module.
STATEDIR ?= /var/lib/apache2/authjwt

BUILD_PACKAGES := gcc libc6-dev make pkg-config apache2-dev libjansson-dev liblmdb-dev libhiredis-dev libssl-dev
RUN_PACKAGES   := $(BUILD_PACKAGES) apache2-bin apache2-utils openssl curl
# Debian 13 and later have it beside Redis.
VALKEY         := $(shell . /etc/os-release 2>/dev/null && [ "$${VERSION_ID:-0}" -ge 13 ] 2>/dev/null && echo valkey-server)
TEST_PACKAGES  := $(RUN_PACKAGES) check python3 python3-pytest python3-pytest-xdist python3-requests python3-jwt python3-cryptography \
                  python3-python-flask-jwt-extended python3-jwcrypto procps util-linux mount iproute2 libaprutil1-dbd-sqlite3 memcached redis-server $(VALKEY) git mandoc \
                  chromium chromium-driver python3-selenium php-fpm tomcat10-user default-jre-headless \
                  python3-websockets python3-h2 uwsgi-core uwsgi-plugin-python3 gunicorn slapd ldap-utils libaprutil1-ldap postgresql libaprutil1-dbd-pgsql \
                  libapache2-mod-auth-openidc libapache2-mod-oauth2 fail2ban prometheus
LINT_PACKAGES  := $(TEST_PACKAGES) clang clang-format cppcheck libasan8 libubsan1 valgrind
SOAK_PACKAGES  := $(TEST_PACKAGES) valgrind
# What mod_authjwt is measured beside is among these. A peer that is missing is left out of the table.
BENCH_PACKAGES := $(RUN_PACKAGES) redis-server python3 python3-jwt python3-cryptography wrk util-linux valgrind libapache2-mod-auth-openidc libapache2-mod-oauth2 \
                  haproxy gunicorn python3-python-flask-jwt-extended
# build-essential is what Debian takes for granted in every build; conf/make-bom is Python, and asks httpd.
DEB_PACKAGES   := $(BUILD_PACKAGES) build-essential debhelper check lintian
DIST_PACKAGES  := $(BUILD_PACKAGES) apache2-bin python3
FUZZ_PACKAGES  := $(BUILD_PACKAGES) clang libclang-rt-dev

# The JOSE core, which never includes httpd.h; the wings that know httpd, from top to bottom; the face (docs/architecture.md).
WINGS     := endpoint gate answer session app state watch request config entry lmdb valkey
JOSE_SRC  := $(sort $(wildcard src/jose/aj_*.c))
HTTPD_SRC := mod_authjwt.c $(sort $(wildcard $(WINGS:%=src/%/authjwt_*.c)))
# The sentences of the login page in each language that is built in.
TEXTS     := $(sort $(wildcard conf/login/*.json))
CTL_SRC   := $(sort $(wildcard src/ctl/*.c))
UNIT_SRC  := $(sort $(wildcard tests/unit/*.c))
FUZZ      := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 30
# What the end-to-end targets run.
TESTS    ?= tests/e2e
# What reads or writes text of clients and needs no httpd at run time.
FUZZ_HTTPD := $(addprefix src/request/,authjwt_cookies_read.c authjwt_body_form.c authjwt_request_language.c authjwt_request_read.c) \
              src/watch/authjwt_audit_line.c

# What users build warns; lint and CI stop at a warning (WERROR=-Werror).
WERROR  ?=
WARN    := -Wall -Wextra $(WERROR) -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla -Wformat=2
HARDEN  := -fstack-protector-strong -D_FORTIFY_SOURCE=2
OPT     ?= -O2 -g
APR_CPP := $(shell apr-1-config --cppflags --includes 2>/dev/null) $(shell apu-1-config --includes 2>/dev/null)
CORE_CF := -std=gnu11 $(WARN) $(OPT) $(HARDEN) -fPIC -fvisibility=hidden -Iinclude $(APR_CPP) -MMD -MP
HTTPD_CF = $(CORE_CF) -isystem $(shell $(APXS) -q INCLUDEDIR) -I$(B)/gen -DAUTHJWT_STATEDIR='"$(STATEDIR)"'
CHECK_CF = $(CORE_CF) $(shell pkg-config --cflags check)
CORE_LIBS := -ljansson -lcrypto
LIBS      := $(CORE_LIBS) -llmdb -lhiredis -lssl
APR_LIBS   = $(shell apr-1-config --link-ld --libs)

JOSE_OBJ  := $(JOSE_SRC:%.c=$(B)/obj/%.o)
# Of the providers, what needs no httpd at run time.
LMDB_FREE := env file file_swap gate group read records sweep write
VALKEY_FREE := args batch commands connect errors hello known link open records resolve sentinel server server_each tls
CTL_OBJ   := $(CTL_SRC:%.c=$(B)/obj/%.o)
HTTPD_OBJ := $(HTTPD_SRC:%.c=$(B)/obj/%.o)
UNIT_OBJ  := $(UNIT_SRC:%.c=$(B)/obj/%.o)
MODULE    := $(B)/mod_authjwt.so
CTL       := $(B)/authjwtctl
# What authjwtctl links beside the core and nothing of httpd; what is not for the module.
CTL_ALSO  := $(patsubst src/%.c,$(B)/obj/src/%.o,$(wildcard src/entry/*.c) $(LMDB_FREE:%=src/lmdb/authjwt_lmdb_%.c) \
             $(VALKEY_FREE:%=src/valkey/authjwt_valkey_%.c))
CTL_ONLY  := $(patsubst %,$(B)/obj/src/%.o,jose/aj_key_generate lmdb/authjwt_lmdb_file lmdb/authjwt_lmdb_file_swap valkey/authjwt_valkey_server valkey/authjwt_valkey_server_each)

.PHONY: help format debian all run test unit replay e2e lint asan asan-e2e tsan valgrind fuzz coverage soak faults man install clean
.PHONY: readme-test deb deb-packages deb-test dist dist-packages dist-test reproducible screenshots
.PHONY: bench bench-packages build-packages run-packages test-packages lint-packages fuzz-packages soak-packages
all: $(MODULE) $(CTL)

help:
	@echo 'make              build/mod_authjwt.so, through apxs; build/authjwtctl'
	@echo 'make run          the demo on 127.0.0.1:8080 (PORT=), in the foreground'
	@echo 'make test         install what tests need, build, run all tests'
	@echo 'make install      into the httpd that apxs belongs to; make man: the man page alone'
	@echo 'make unit e2e     the tests of the core; the tests on a real httpd (TESTS=tests/e2e/...)'
	@echo 'make lint format  what a change must pass; C in the one dialect of the tree'
	@echo 'make asan         unit tests under ASan and UBSan; make asan-e2e: the module in httpd'
	@echo 'make tsan         what threads share without a lock, under ThreadSanitizer'
	@echo 'make valgrind     unit tests under valgrind'
	@echo 'make fuzz         each parser for FUZZ_SECONDS; make replay: their corpora alone'
	@echo 'make faults       what a valkey store must bear, a minute each; 200 fail-overs (half an hour)'
	@echo 'make soak         the figures of docs/figures.md; make coverage: of the core'
	@echo 'make bench        side by side with other modules and servers (QUICK=1: two minutes)'
	@echo 'make debian       build and test in a bare folder of Debian (SUITE=trixie, bookworm)'
	@echo 'make readme-test  README as printed, from a bare folder of Debian to a protected PHP page (SUITE=)'
	@echo 'make deb          packages for Debian in build/; make deb-test: used in bare folders (SUITE=)'
	@echo 'make dist         the source as an archive, its SHA-256, and what the module is linked with (make dist-test)'
	@echo 'make reproducible build the packages twice and compare them'
	@echo 'make screenshots  the pictures of the login page in docs/images, by Chromium'
	@echo 'make clean        remove build/'

# --- building ---------------------------------------------------------------------------------------

$(B)/obj/src/jose/%.o: src/jose/%.c
	@mkdir -p $(@D)
	$(CC) $(CORE_CF) $(CFLAGS) -c -o $@ $<

$(B)/obj/src/ctl/%.o: src/ctl/%.c
	@mkdir -p $(@D)
	$(CC) $(CORE_CF) $(CFLAGS) -c -o $@ $<

# Of the throttle the counters alone, whose header says of which requests.
$(B)/obj/tests/unit/test_throttle.o: CHECK_CF += -isystem $(shell $(APXS) -q INCLUDEDIR)

$(B)/obj/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(CHECK_CF) $(CFLAGS) -c -o $@ $<

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(HTTPD_CF) $(CFLAGS) -c -o $@ $<

# One element of a C array for each language: its name, and the text of its file.
$(B)/gen/authjwt_texts_shipped.inc: $(TEXTS)
	@mkdir -p $(@D)
	for file in $^; do \
	    printf '{ "%s",\n' "$$(basename "$$file" .json)"; sed -e 's/[\\"]/\\&/g' -e 's/.*/  "&\\n"/' "$$file"; echo '},'; \
	done >$@.new && mv -f $@.new $@

$(B)/obj/src/config/authjwt_texts.o: $(B)/gen/authjwt_texts_shipped.inc

$(B)/libaj.a: $(JOSE_OBJ)
	@rm -f $@
	ar rcs $@ $^

# apxs links, so that the module suits the httpd it is for. libtool names the .la; httpd wants the .so.
$(MODULE): $(filter-out $(CTL_ONLY),$(HTTPD_OBJ) $(JOSE_OBJ))
	$(APXS) -c -o $(B)/mod_authjwt.la $(LDFLAGS:%=-Wl,%) $^ $(LIBS) >$(B)/link.log 2>&1 || { cat $(B)/link.log; exit 1; }
	@cp $(B)/.libs/mod_authjwt.so $@.new && mv -f $@.new $@   # never written in place: some httpd may have it mapped

# The program links the core and the stores, and nothing of httpd.
$(CTL): $(CTL_OBJ) $(CTL_ALSO) $(B)/libaj.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS) $(APR_LIBS) -lpthread

# Unit tests link the core, and of the other wings what knows nothing of httpd.
UNIT_ALSO := $(patsubst %,$(B)/obj/src/%.o,entry/authjwt_entry entry/authjwt_record state/authjwt_cache_ring state/authjwt_throttle_counter valkey/authjwt_valkey_args)
$(B)/unit: $(UNIT_OBJ) $(UNIT_ALSO) $(B)/libaj.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(CORE_LIBS) $(APR_LIBS) $(shell pkg-config --libs check)

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)

# --- running and testing ----------------------------------------------------------------------------

bench-packages build-packages deb-packages dist-packages run-packages test-packages lint-packages fuzz-packages soak-packages:
	@conf/need-packages $($(shell echo $@ | tr 'a-z-' 'A-Z_'))

# What was missing when this make began may be there now, so a second one builds.
run: run-packages
	@$(MAKE) --no-print-directory -s all
	@APXS=$(APXS) PORT=$(PORT) conf/demo/run $(MODULE)

test: test-packages
	@$(MAKE) --no-print-directory -s all $(B)/unit $(FUZZ:%=$(B)/replay/%)
	@APXS=$(APXS) B=$(abspath $(B)) PYTHON=$(PYTHON) tests/run

unit: $(B)/unit
	cd tests/unit && $(abspath $(B)/unit)

e2e: $(MODULE)
	$(PYTHON) -m pytest -q -p no:cacheprovider $(TESTS)

format: lint-packages
	clang-format -i $$(git ls-files '*.c' '*.h')

lint: lint-packages
	@$(MAKE) --no-print-directory -s all
	tests/lint/layers $(B)/obj
	tests/lint/dialect
	tests/lint/spdx
	tests/lint/tags
	tests/lint/directives
	tests/lint/links
	tests/lint/named-tests
	tests/lint/exports $(MODULE)
	@$(MAKE) --no-print-directory -s B=$(B)/gcc CC=gcc WERROR=-Werror all $(B)/gcc/unit
	@$(MAKE) --no-print-directory -s B=$(B)/clang CC=clang WERROR=-Werror all $(B)/clang/unit
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    --library=tests/lint/cppcheck.cfg --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches -Iinclude src mod_authjwt.c

asan: lint-packages
	@$(MAKE) --no-print-directory -s B=$(B)/asan CC=gcc OPT='-O1 -g' HARDEN= \
	    CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all' $(B)/asan/unit
	cd tests/unit && CK_FORK=no UNIT_STEP=41 $(abspath $(B)/asan/unit)

# The whole module in httpd, driven by the end-to-end tests. Leaks are valgrind's business: httpd itself leaves some at exit.
asan-e2e: lint-packages all
	@$(MAKE) --no-print-directory -s B=$(B)/asan-e2e CC=gcc OPT='-O1 -g' HARDEN= \
	    CFLAGS='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' all
	AUTHJWT_MODULE=$(abspath $(B)/asan-e2e/mod_authjwt.so) AUTHJWT_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	    ASAN_OPTIONS=detect_leaks=0:abort_on_error=1 $(PYTHON) -m pytest -q -p no:cacheprovider $(TESTS)

# The one structure that threads share without a lock, alone and with eight threads.
tsan: lint-packages
	@$(MAKE) --no-print-directory -s $(B)/tsan/cache_ring
	$(B)/tsan/cache_ring

$(B)/tsan/%: tests/tsan/%.c src/state/authjwt_cache_ring.c src/state/authjwt_cache_ring_private.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP -D_FORTIFY_SOURCE=2,$(CORE_CF)) -O1 -g -fsanitize=thread $(CFLAGS) -o $@ $(filter %.c,$^)

valgrind: lint-packages
	@$(MAKE) --no-print-directory -s $(B)/unit
	cd tests/unit && CK_FORK=no UNIT_STEP=41 valgrind -q --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=1 $(abspath $(B)/unit)

# Fuzz targets run two ways: over their corpora in every `make test` (replay), and free for FUZZ_SECONDS each (fuzz).
$(B)/replay/%: tests/fuzz/fuzz_%.c tests/fuzz/replay.c $(FUZZ_HTTPD:%.c=$(B)/obj/%.o) $(B)/libaj.a
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(HTTPD_CF)) -Itests/fuzz $(CFLAGS) -o $@ $^ $(CORE_LIBS) $(APR_LIBS)

replay: $(FUZZ:%=$(B)/replay/%)
	@for target in $(FUZZ); do $(B)/replay/$$target tests/fuzz/corpus/$$target/* || exit 1; done

fuzz: fuzz-packages
	@$(MAKE) --no-print-directory -s B=$(B)/fuzz CC=clang OPT='-O1 -g' HARDEN= \
	    CFLAGS='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' $(B)/fuzz/libaj.a $(FUZZ_HTTPD:%.c=$(B)/fuzz/obj/%.o)
	@for target in $(FUZZ); do APXS=$(APXS) tests/fuzz/run $(B)/fuzz $$target $(FUZZ_SECONDS) || exit 1; done

# The figures of docs/figures.md: restarts and kills under load, long sessions, look-up cost, imports. Some minutes.
soak: soak-packages
	@$(MAKE) --no-print-directory -s all
	tests/soak/run

# Outages of a valkey store under load, each again and again for FAULT_SECONDS; FAULT_KILLS fail-overs, each right after a logout.
# make test has them all for a moment. FAULTS names what of it to run.
FAULT_SECONDS ?= 60
FAULT_KILLS   ?= 200
FAULTS        ?= tests/e2e/valkey/test_outages.py tests/e2e/valkey/test_failover.py
faults: test-packages
	@$(MAKE) --no-print-directory -s all
	AUTHJWT_FAULT_SECONDS=$(FAULT_SECONDS) AUTHJWT_FAULT_KILLS=$(FAULT_KILLS) $(PYTHON) -m pytest -q -p no:cacheprovider -rP -n 2 $(FAULTS)

# The table of bench/README.md; in BENCH_OUT as bench.md, bench.json and bench.svg. QUICK=1: the main rows, in two minutes.
QUICK     ?=
BENCH_OUT ?= $(B)/bench
bench: bench-packages
	@$(MAKE) --no-print-directory -s all
	@$(PYTHON) bench/run $(if $(QUICK),--quick) $(MODULE) $(BENCH_OUT)

# Line coverage of the core by its unit tests and the fuzz corpora.
coverage: test-packages
	@$(MAKE) --no-print-directory -s B=$(B)/coverage CC=gcc OPT='-O0 -g' HARDEN= CFLAGS=--coverage $(B)/coverage/unit \
	    $(FUZZ:%=$(B)/coverage/replay/%)
	cd tests/unit && $(abspath $(B)/coverage/unit) >/dev/null
	@$(MAKE) --no-print-directory -s B=$(B)/coverage CC=gcc OPT='-O0 -g' HARDEN= CFLAGS=--coverage replay >/dev/null
	tests/lint/coverage $(B)/coverage/obj/src/jose

# Pictures of the documentation; a change of the built-in pages is to be seen in them.
screenshots: test-packages
	@$(MAKE) --no-print-directory -s all
	docs/make-screenshots

# --- installing -------------------------------------------------------------------------------------

MODS_AVAILABLE ?= /etc/apache2/mods-available
MANDIR         ?= /usr/local/share/man/man8
SBINDIR        ?= /usr/local/sbin

man: $(B)/mod_authjwt.8 $(B)/authjwtctl.8

$(B)/authjwtctl.8: docs/authjwtctl.8
	@mkdir -p $(@D)
	cp $< $@

$(B)/mod_authjwt.8: docs/make-man docs/directives.md docs/endpoints.md CHANGES
	@mkdir -p $(@D)
	docs/make-man $(STATEDIR) >$@.new && mv -f $@.new $@

# The module where apxs puts modules, and authjwtctl; on Debian also what a2enmod wants. An authjwt.conf that is there already stays.
install: $(MODULE) $(CTL) man
	mkdir -p "$(DESTDIR)$$($(APXS) -q LIBEXECDIR)"
	$(APXS) -S LIBEXECDIR="$(DESTDIR)$$($(APXS) -q LIBEXECDIR)" -i -n authjwt $(B)/mod_authjwt.la
	install -D -m 644 $(B)/mod_authjwt.8 "$(DESTDIR)$(MANDIR)/mod_authjwt.8"
	install -D -m 755 $(CTL) "$(DESTDIR)$(SBINDIR)/authjwtctl"
	install -D -m 644 $(B)/authjwtctl.8 "$(DESTDIR)$(MANDIR)/authjwtctl.8"
	if [ -d "$(DESTDIR)$(MODS_AVAILABLE)" ]; then \
	    install -m 644 conf/authjwt.load "$(DESTDIR)$(MODS_AVAILABLE)/" && \
	    { [ -e "$(DESTDIR)$(MODS_AVAILABLE)/authjwt.conf" ] || install -m 644 conf/authjwt.conf "$(DESTDIR)$(MODS_AVAILABLE)/"; }; \
	fi

# --- packages ---------------------------------------------------------------------------------------

# CHANGES is where the version is written. A build of a working copy may have another, such as VERSION=0.2.0~rc1.
VERSION = $(shell sed -n 's/^Changes with mod_authjwt //p' CHANGES | head -n 1)
ARCHIVE  = $(B)/mod_authjwt-$(VERSION)

deb: deb-packages
	@conf/make-deb $(B) $(VERSION)

# The list is of the module as it was built here.
dist: dist-packages
	@$(MAKE) --no-print-directory -s all
	@conf/make-dist $(B) $(VERSION) >$(B)/dist.log
	@SOURCE_DATE_EPOCH=$$(date -r $(ARCHIVE).tar.gz +%s) conf/make-bom $(MODULE) $(VERSION) \
	    "$$($(APXS) -q SBINDIR)/$$($(APXS) -q PROGNAME)" >$(ARCHIVE).cdx.json.new
	@mv -f $(ARCHIVE).cdx.json.new $(ARCHIVE).cdx.json && ls $(ARCHIVE).*

# By CycloneDX's own schema, which an npm package has.
dist-test: dist
	@conf/need-packages python3-jsonschema $$(command -v npm >/dev/null || echo npm)
	@tests/debian/valid-bom $(ARCHIVE).cdx.json

reproducible: deb-packages
	tests/debian/reproducible

# In bare folders of a Debian release, as root: build and test; or build packages there, and use them. make debian SUITE=trixie
SUITE ?= trixie
debian:
	tests/debian/run $(SUITE)

deb-test:
	tests/debian/package $(SUITE)

readme-test:
	tests/debian/readme $(SUITE)

clean:
	rm -rf build
