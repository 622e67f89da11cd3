rest_CFLAGS := $(shell $(PKG_CONFIG) --cflags cjose)
rest_LIBS   := $(shell $(PKG_CONFIG) --libs cjose)
