# SPDX-License-Identifier: BSD-3-Clause
# Builds the fuzzing harnesses with the sanitizers, apart from the product's own objects: tests/fuzz/run calls it.
#	top_srcdir, top_builddir, out	directories
#	FUZZ_CC FUZZ_CPPFLAGS FUZZ_LIBS	what configure found
#	HARNESSES			which
# An object of the product is compiled once for all harnesses.

FLAGS = -std=gnu11 -D_GNU_SOURCE= -I$(top_srcdir) -I$(top_builddir) $(FUZZ_CPPFLAGS) \
	-DDLFM_PKGLIBDIR='"/nowhere"' -DDLFM_HELPERDIR='"/nowhere"' -DDLFM_SYSCONFDIR='"/etc"' \
	-DDLFM_PREFIX='"/nowhere"' -DDLFM_BINDIR='"/nowhere/bin"' \
	-O1 -gline-tables-only -fno-omit-frame-pointer -fno-builtin-bcmp -fno-sanitize-recover=all
SANITIZE = address,undefined

# What a harness may need lies in one archive; the linker takes what it does need. Whole families are left out to save time.
all_of = $(patsubst $(top_srcdir)/%.c,%,$(wildcard $(addprefix $(top_srcdir)/,$(1))))
PRODUCT = $(call all_of,libdlfm/*.c libdlfm/audit/*.c spank-plugin/args*.c spank-plugin/ticket*.c) \
	$(filter-out $(addprefix cache-tools/,$(UNUSED)),$(call all_of,cache-tools/*.c)) \
	$(if $(filter frames,$(HARNESSES)),$(addprefix pmix-dist/,auth endpoint frame nodelist report))
UNUSED = child% environ% explain% file-systems% journal-gather% learn% merge% pack% scan% stale% task-env% top%
HELP = tests/fuzz/fuzz tests/fuzz/cache-input tests/fuzz/image-input
PRELOAD = $(call all_of,libdlfm/fm/*.c)

LINK_cache = -Wl,--wrap=dlfm_image_write_files

all: $(HARNESSES:%=$(out)/bin/%)

object = $(patsubst %,$(out)/obj/%.o,$(1))

$(out)/obj/%.o: $(top_srcdir)/%.c
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FLAGS) -fsanitize=fuzzer-no-link,$(SANITIZE) -MMD -c -o $@ $<

$(out)/product.a: $(call object,$(HELP) $(PRODUCT))
	rm -f $@
	$(AR) cr $@ $^

define harness
$(out)/bin/$(1): $(call object,tests/fuzz/$(1)) $(EXTRA_$(1)) $(out)/product.a
	@mkdir -p $$(@D)
	$$(FUZZ_CC) -fsanitize=fuzzer,$$(SANITIZE) $$(LINK_$(1)) -o $$@ $$^ $$(FUZZ_LIBS)
endef

# The wrappers of libdlfm.so under other names.
EXTRA_preload = $(out)/obj/preload-renamed.o
$(out)/obj/preload-renamed.o: $(call object,$(PRELOAD))
	$(LD) -r -o $@ $^
	nm --defined-only -g $@ | awk '$$2 == "T" && $$3 !~ /^fm_/ { print $$3, "fuzzed_" $$3 }' >$@.names
	objcopy --redefine-syms=$@.names $@

$(foreach h,$(sort $(HARNESSES)),$(eval $(call harness,$(h))))

-include $(shell find $(out)/obj -name '*.d' 2>/dev/null)
.PHONY: all
