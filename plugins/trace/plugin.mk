trace_CFLAGS := $(shell $(PKG_CONFIG) --cflags libcurl)
trace_LIBS   := $(shell $(PKG_CONFIG) --libs libcurl)
