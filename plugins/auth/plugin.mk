auth_CFLAGS := $(shell $(PKG_CONFIG) --cflags cjose libcrypto libcurl libpcre2-8 libargon2)
auth_LIBS   := $(shell $(PKG_CONFIG) --libs cjose libcrypto libcurl libpcre2-8 libargon2) -lcrypt
