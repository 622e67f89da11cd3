# make            build everything into build/
# make check      all tests; T=unit/app_url or T=http/rest/filter-eq for one
# make help       the other targets; their recipes are in tests/tests.mk

APXS       ?= apxs
PKG_CONFIG ?= pkg-config
BUILD      ?= build
SANITIZE   ?=
WERROR     ?=

LIBEXECDIR := $(shell $(APXS) -q LIBEXECDIR)
PREFIX     ?= /usr/local
PLUGIN_DIR ?= $(LIBEXECDIR)/mod_app
DATADIR    ?= $(PREFIX)/share/mod_app
VERSION    := $(shell sed -n 's/^#define APP_VERSION "\(.*\)"/\1/p' mod_app/core/app_core.h)

WARNINGS := -Wall -Wextra -Wformat=2 -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wvla
CFLAGS   ?= -O2 -g
override CFLAGS += -std=gnu11 -fPIC -fvisibility=hidden -fstack-protector-strong $(WARNINGS) $(WERROR) $(SANITIZE)

CORE_PKGS   := apr-1 apr-util-1 jansson
CORE_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(CORE_PKGS)) -Imod_app/include
DB_CFLAGS   := $(shell $(PKG_CONFIG) --cflags libpq sqlite3 libpcre2-8)
HTTPD_CFLAGS := -I$(shell $(APXS) -q INCLUDEDIR)
LIBS        := $(shell $(PKG_CONFIG) --libs $(CORE_PKGS) libpq sqlite3 libpcre2-8) -lpthread -ldl -lm
DEFINES     := -DAPP_PLUGIN_DIR='"$(PLUGIN_DIR)"' -DAPP_SQL_DIR='"$(DATADIR)/sql"'

CORE_SRC  := $(wildcard mod_app/core/*.c mod_app/db/*.c)
HTTPD_SRC := $(wildcard mod_app/httpd/*.c)
CGI_SRC   := $(wildcard mod_app/cgi/*.c)
CLI_SRC   := $(wildcard mod_app/cli/*.c)
PLUGINS   := $(notdir $(patsubst %/,%,$(dir $(wildcard plugins/*/*.c))))
PLUGINS   := $(sort $(PLUGINS))

CORE_OBJ  := $(CORE_SRC:%.c=$(BUILD)/%.o)
HTTPD_OBJ := $(HTTPD_SRC:%.c=$(BUILD)/%.o)
CGI_OBJ   := $(CGI_SRC:%.c=$(BUILD)/%.o)
CLI_OBJ   := $(CLI_SRC:%.c=$(BUILD)/%.o)

all: $(BUILD)/mod_app.so $(BUILD)/app.cgi $(BUILD)/appctl plugins

plugins: $(PLUGINS:%=$(BUILD)/plugins/%.so)

# The core and the hosts see the core's headers; only mod_app/httpd sees httpd's.
$(BUILD)/mod_app/%.o: mod_app/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORE_CFLAGS) -DAPP_CORE -Imod_app/core $(DEFINES) $(EXTRA_CFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/mod_app/db/%.o:    EXTRA_CFLAGS = $(DB_CFLAGS) -Imod_app/db
$(BUILD)/mod_app/core/%.o:  EXTRA_CFLAGS = -Imod_app/db
$(BUILD)/mod_app/httpd/%.o: EXTRA_CFLAGS = $(HTTPD_CFLAGS) -Imod_app/db
$(BUILD)/mod_app/cgi/%.o:   EXTRA_CFLAGS = -Imod_app/db
$(BUILD)/mod_app/cli/%.o:   EXTRA_CFLAGS = -Imod_app/db

$(BUILD)/libapp.a: $(CORE_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/mod_app.so: $(HTTPD_OBJ) $(BUILD)/libapp.a
	$(CC) -shared $(SANITIZE) -Wl,--exclude-libs,ALL -Wl,-z,nodelete -o $@ $^ $(LIBS)

$(BUILD)/app.cgi: $(CGI_OBJ) $(BUILD)/libapp.a
	$(CC) $(SANITIZE) -o $@ $^ $(LIBS) -lfcgi

$(BUILD)/appctl: $(CLI_OBJ) $(BUILD)/libapp.a
	$(CC) $(SANITIZE) -o $@ $^ $(LIBS)

# A plugin sees the public headers and its own alone; its folder may have folders, one for each of its parts.
# plugins/NAME/plugin.mk may name libraries that it needs.
-include $(wildcard plugins/*/plugin.mk)
plugin_src    = $(wildcard plugins/$(1)/*.c plugins/$(1)/*/*.c)
plugin_cflags = $(addprefix -I,plugins/$(1) $(wildcard plugins/$(1)/*/.)) $($(1)_CFLAGS)

$(BUILD)/plugins/%.o: plugins/%.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CORE_CFLAGS) $(call plugin_cflags,$(firstword $(subst /, ,$*))) -MMD -MP -c -o $@ $<

.SECONDEXPANSION:
$(BUILD)/plugins/%.so: $$(addprefix $(BUILD)/,$$(subst .c,.o,$$(call plugin_src,$$*)))
	$(CC) -shared $(SANITIZE) -Wl,-z,nodelete -o $@ $^ $($*_LIBS)

# Where make install puts things; DESTDIR goes in front of all of them.
BINDIR     ?= $(PREFIX)/bin
INCLUDEDIR ?= $(PREFIX)/include/mod_app
CGIDIR     ?= $(PREFIX)/lib/mod_app

install: all
	install -d $(addprefix $(DESTDIR),$(LIBEXECDIR) $(PLUGIN_DIR) $(INCLUDEDIR) $(BINDIR) \
	    $(CGIDIR) $(DATADIR)/conf $(SQL_DIALECTS:%=$(DATADIR)/sql/%))
	$(APXS) -S LIBEXECDIR='$(DESTDIR)$(LIBEXECDIR)' -i -n app $(BUILD)/mod_app.so
	install -m 644 $(PLUGINS:%=$(BUILD)/plugins/%.so) '$(DESTDIR)$(PLUGIN_DIR)'
	install -m 644 $(wildcard mod_app/include/*.h) '$(DESTDIR)$(INCLUDEDIR)'
	install -m 755 $(BUILD)/appctl '$(DESTDIR)$(BINDIR)'
	install -m 755 $(BUILD)/app.cgi '$(DESTDIR)$(CGIDIR)'
	install -m 644 $(INSTALLED_CONF) '$(DESTDIR)$(DATADIR)/conf'
	for dialect in $(SQL_DIALECTS); do \
	    install -m 644 sql/$$dialect/*.sql '$(DESTDIR)$(DATADIR)/sql/'$$dialect || exit 1; done

SQL_DIALECTS   := $(notdir $(patsubst %/,%,$(dir $(wildcard sql/sqlite/. sql/pgsql/.))))
INSTALLED_CONF  = $(filter-out conf/sample.conf,$(wildcard conf/* conf/.htaccess))

uninstall:
	rm -f '$(DESTDIR)$(LIBEXECDIR)/mod_app.so' '$(DESTDIR)$(BINDIR)/appctl'
	rm -rf '$(DESTDIR)$(PLUGIN_DIR)' '$(DESTDIR)$(INCLUDEDIR)' '$(DESTDIR)$(CGIDIR)' '$(DESTDIR)$(DATADIR)'

dist:
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=mod_app-$(VERSION)/ -o $(BUILD)/mod_app-$(VERSION).tar.gz HEAD
	@echo $(BUILD)/mod_app-$(VERSION).tar.gz

clean:
	rm -rf $(BUILD)

help:
	@echo 'make                build everything into $(BUILD)/'
	@echo 'make install        module, plugins, headers, appctl, app.cgi, sql, conf; PREFIX, DESTDIR'
	@echo 'make uninstall      take them away again'
	@echo 'make check          all tests; T=unit/app_url, T=http/rest, T=faults/graceful for a part'
	@echo 'make lint           gcc and clang with -Werror, clang-tidy, shellcheck'
	@echo 'make asan           unit tests, fuzz corpora and http cases under ASan and UBSan; T=http/rest'
	@echo 'make valgrind       unit tests under valgrind'
	@echo 'make fuzz           libFuzzer on each target for FUZZ_SECONDS (default 30); T=fuzz/query'
	@echo 'make bench          requests and CPU per 1,000 requests against a static file'
	@echo 'make figures        planning, answers of 200,000 rows, tables of 1,000,000, 2,000 tables'
	@echo 'make dist           a tarball of HEAD'
	@echo 'make clean          remove $(BUILD)/'

.PHONY: all plugins install uninstall dist clean help
include tests/tests.mk
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
