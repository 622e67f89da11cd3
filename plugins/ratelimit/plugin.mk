ratelimit_PKGS   := hiredis libcrypto
ratelimit_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(ratelimit_PKGS))
ratelimit_LIBS   := $(shell $(PKG_CONFIG) --libs $(ratelimit_PKGS))
