auth_PKGS   := cjose libcrypto libpcre2-8 libargon2 libcurl libqrencode
auth_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(auth_PKGS))
auth_LIBS   := $(shell $(PKG_CONFIG) --libs $(auth_PKGS)) -lcrypt
