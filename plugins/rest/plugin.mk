rest_CFLAGS := $(shell $(PKG_CONFIG) --cflags cjose libcrypto libpcre2-8) \
               -DREST_SCHEMA_STAMP=$(firstword $(shell cksum < plugins/rest/schema/rest_schema.h))u
rest_LIBS   := $(shell $(PKG_CONFIG) --libs cjose libcrypto libpcre2-8) -lm
