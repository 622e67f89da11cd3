# What make does with tests: building them, running them, and the checks of the source. The Makefile includes it.
# How the tests are built: each tests/unit/test_NAME.c and tests/fuzz/fuzz_NAME.c is a program of its own, linked with
# the core, the loopback host, and app.cgi's parts. Where NAME begins with a plugin's name (test_rest_parse.c), with
# that plugin's files too, compiled to call the core directly.

PYTHON       ?= python3
FUZZ_SECONDS ?= 30
T            ?=

T_KIND  := $(firstword $(subst /, ,$(T)))
T_NAME  := $(word 2,$(subst /, ,$(T)))
UNITS   := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))

# Of an archive the linker takes what is asked for: neither main() nor an unused file gets in.
TEST_LIBS  := $(BUILD)/tests/libhosts.a $(BUILD)/libapp.a
TEST_FLAGS := -DAPP_CORE -Imod_app/core -Imod_app/db -Imod_app/cli -Imod_app/cgi -Itests/unit -Itests/fuzz

# rest for test_rest_parse or fuzz_rest_parse
plugin_of = $(filter $(PLUGINS),$(word 2,$(subst _, ,$(notdir $(1)))))

$(BUILD)/tests/libhosts.a: $(CLI_OBJ) $(CGI_OBJ)
	@mkdir -p $(@D) && rm -f $@
	ar rcs $@ $^

$(BUILD)/tests/plugins/%.o: plugins/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORE_CFLAGS) -DAPP_CORE $(call plugin_cflags,$(firstword $(subst /, ,$*))) -MMD -MP -c -o $@ $<

$(BUILD)/tests/plugins/%.a: $$(addprefix $(BUILD)/tests/,$$(addsuffix .o,$$(basename $$(call plugin_src,$$*))))
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/tests/unit/%.o: tests/unit/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORE_CFLAGS) $(TEST_FLAGS) $(foreach plugin,$(call plugin_of,$*),$(call plugin_cflags,$(plugin))) -MMD -MP -c -o $@ $<
$(BUILD)/tests/fuzz/%.o: tests/fuzz/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORE_CFLAGS) $(TEST_FLAGS) $(foreach plugin,$(call plugin_of,$*),$(call plugin_cflags,$(plugin))) -MMD -MP -c -o $@ $<

plugin_archive = $(patsubst %,$(BUILD)/tests/plugins/%.a,$(call plugin_of,$(1)))

$(UNITS): $(BUILD)/tests/unit/%: $(BUILD)/tests/unit/%.o $$(call plugin_archive,$$*) $(TEST_LIBS)
	$(CC) $(SANITIZE) -o $@ $^ $(LIBS) $($(call plugin_of,$*)_LIBS) -lfcgi -lcmocka

# A plain compiler replays the corpus; make fuzz puts libFuzzer's main() in the place of replay.o.
FUZZ_MAIN ?= $(BUILD)/tests/fuzz/replay.o
$(FUZZERS): $(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(filter %.o,$(FUZZ_MAIN)) $$(call plugin_archive,$$*) $(TEST_LIBS)
	$(CC) $(SANITIZE) $(filter-out %.o,$(FUZZ_MAIN)) -o $@ $^ $(LIBS) $($(call plugin_of,$*)_LIBS) -lfcgi

tests: $(UNITS) $(FUZZERS)

# Running. One unit test needs neither the module nor the others.
CHECK_unit  = $(if $(T_NAME),$(filter %/test_$(T_NAME),$(UNITS)),$(UNITS))
CHECK_fuzz  = $(if $(T_NAME),$(filter %/fuzz_$(T_NAME),$(FUZZERS)),$(FUZZERS))
CHECK_needs = $(if $(filter unit fuzz,$(T_KIND)),$(CHECK_$(T_KIND)),all $(if $(filter http dialect clients policies faults,$(T_KIND)),,tests))

check: $$(CHECK_needs)
	$(PYTHON) tests/run.py --build $(BUILD) $(T)

# Instrumented. The reports of httpd's children go to files, since their standard error is nobody's.
ASAN_BUILD := $(BUILD)/asan
ASAN_RUN    = ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:log_path=$(abspath $(ASAN_BUILD))/reports/asan \
              UBSAN_OPTIONS=print_stacktrace=1 LD_PRELOAD="$$($(CC) -print-file-name=libasan.so) $$($(CC) -print-file-name=libubsan.so)"
asan:
	$(MAKE) BUILD=$(ASAN_BUILD) CC=gcc CFLAGS='-O1 -g -fno-omit-frame-pointer' \
	    SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=undefined' all tests
	rm -rf $(ASAN_BUILD)/reports && mkdir -m 1777 $(ASAN_BUILD)/reports
	$(if $(T),,ASAN_OPTIONS=detect_leaks=1 $(PYTHON) tests/run.py --build $(ASAN_BUILD) unit)
	$(if $(T),,ASAN_OPTIONS=detect_leaks=1 $(PYTHON) tests/run.py --build $(ASAN_BUILD) fuzz)
	$(ASAN_RUN) $(PYTHON) tests/run.py --build $(ASAN_BUILD) $(or $(T),http)
	@! grep -h . $(ASAN_BUILD)/reports/* 2>/dev/null

valgrind: $$(CHECK_unit)
	for test in $(CHECK_unit); do \
	    valgrind -q --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite $$test || exit 1; done

FUZZ_BUILD := $(BUILD)/fuzz
fuzz:
	$(MAKE) BUILD=$(FUZZ_BUILD) CC=clang CFLAGS='-O1 -g' FUZZ_MAIN=-fsanitize=fuzzer T=$(T) \
	    SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' fuzz-run
fuzz-run: $$(CHECK_fuzz)
	for target in $(notdir $(CHECK_fuzz)); do \
	    name=$${target#fuzz_}; mkdir -p $(BUILD)/found/$$name; \
	    $(BUILD)/tests/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=5 -rss_limit_mb=1024 \
	        -artifact_prefix=$(BUILD)/ -print_final_stats=0 -verbosity=0 \
	        $(BUILD)/found/$$name tests/fuzz/corpus/$$name || exit 1; done

bench: all
	$(PYTHON) tests/bench/bench.py --build $(BUILD)

# What is no matter of load: planning alone, large answers, large tables, many tables.
$(BUILD)/tests/bench/plan_loop: tests/bench/plan_loop.c $(BUILD)/tests/plugins/rest.a $(TEST_LIBS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORE_CFLAGS) $(TEST_FLAGS) $(call plugin_cflags,rest) -o $@ $^ $(LIBS) $(rest_LIBS) -lfcgi -lcmocka
figures: all $(BUILD)/tests/bench/plan_loop
	$(PYTHON) tests/bench/figures.py --build $(BUILD)

# The source itself. Warnings are errors here and nowhere else, so that a new compiler breaks nobody's build.
SHELL_FILES := run.sh test.sh .ci/run .ci/packages $(wildcard sql/sample/*.sh)
lint: lint-gcc lint-clang lint-tidy lint-shell
lint-gcc lint-clang: lint-%:
	$(MAKE) BUILD=$(BUILD)/lint-$* CC=$* WERROR=-Werror all tests
TIDY       := clang-tidy --quiet --warnings-as-errors='*'
TIDY_FLAGS := -std=gnu11 $(CORE_CFLAGS) -Xclang -analyzer-config -Xclang ipa=none
lint-tidy:
	$(TIDY) $(CORE_SRC) $(HTTPD_SRC) $(CGI_SRC) $(CLI_SRC) -- $(TIDY_FLAGS) -DAPP_CORE -Imod_app/core \
	    -Imod_app/db $(DB_CFLAGS) $(HTTPD_CFLAGS) $(DEFINES)
	$(TIDY) $(foreach plugin,$(PLUGINS),$(call plugin_src,$(plugin))) -- $(TIDY_FLAGS) \
	    $(foreach plugin,$(PLUGINS),$(call plugin_cflags,$(plugin)))
lint-shell:
	shellcheck $(SHELL_FILES)

# Objects that only a chain of rules asks for are kept: they are what makes the next build quick.
.SECONDARY:
.PHONY: tests check asan valgrind fuzz fuzz-run bench figures lint lint-gcc lint-clang lint-tidy lint-shell
