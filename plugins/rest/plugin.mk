rest_CFLAGS := $(shell $(PKG_CONFIG) --cflags libpcre2-8) \
               -DREST_SCHEMA_STAMP=$(firstword $(shell cksum < plugins/rest/schema/rest_schema.h))u
rest_LIBS   := $(shell $(PKG_CONFIG) --libs libpcre2-8) -lm
