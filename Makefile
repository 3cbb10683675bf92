# Solstice: turns a clip into a seasonal film.
#
#   make demo   installs what is missing, builds, renders the sample film
#   make test   installs what is missing, builds, runs every test
#   make help   lists the rest

VARIANT ?= release
PREFIX  ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
JOBS    ?= $(shell nproc 2>/dev/null || echo 2)

VERSION := $(shell sed -n 's/^.define SOL_VERSION "\(.*\)"/\1/p' include/solstice/version.h)

ifeq ($(shell uname -s),Darwin)
  SHARED := libsolstice.0.dylib
  LINK_NAME := libsolstice.dylib
  SHARED_FLAGS = -dynamiclib -install_name $(PREFIX)/lib/$(SHARED)
else
  SHARED := libsolstice.so.0
  LINK_NAME := libsolstice.so
  SHARED_FLAGS = -shared -Wl,-soname,$(SHARED)
endif

# ---- variants --------------------------------------------------------------------------------

ifeq ($(VARIANT),release)
  BUILD ?= build
  CFLAGS ?= -O3 -g
else ifeq ($(VARIANT),debug)
  BUILD ?= build/debug
  CFLAGS ?= -O0 -g3
else ifeq ($(VARIANT),san)
  BUILD ?= build/san
  CFLAGS ?= -O1 -g -fno-omit-frame-pointer
  SAN := -fsanitize=address,undefined -fno-sanitize-recover=all
  ifdef FUZZER
    SAN += -fsanitize=fuzzer-no-link
  endif
else
  $(error VARIANT is "$(VARIANT)"; it is release, debug or san)
endif

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
DEFINES  := -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -D_DARWIN_C_SOURCE
PACKAGES := libavformat libavcodec libavfilter libavutil libswscale yaml-0.1 expat jansson libzip openblas

# oneDNN multiplies bfloat16 on x86-64 and is built in where it is found there. ONEDNN=no leaves it out; ONEDNN=yes
# insists on it. conv_onednn.c looks up the threads' runtime that the library brings, so none is linked.
comma := ,
ONEDNN_FOUND := $(shell $(CC) -dumpmachine 2>/dev/null | grep -q '^x86_64' && \
                  echo DNNL_VERSION_MAJOR.DNNL_VERSION_MINOR.DNNL_VERSION_PATCH | \
                  $(CC) $(CPPFLAGS) -E -P -include oneapi/dnnl/dnnl.h -x c - 2>/dev/null | tr -d ' ' | grep '^[0-9]')
ONEDNN ?= $(if $(ONEDNN_FOUND),yes,no)
ifeq ($(ONEDNN),yes)
  DEFINES += -DSOL_HAVE_ONEDNN
  ONEDNN_LIBS := -ldnnl -ldl
  ONEDNN_SAID := oneDNN: $(if $(ONEDNN_FOUND),$(ONEDNN_FOUND)$(comma) built in (ONEDNN=no leaves it out),built in (ONEDNN=yes))
else ifeq ($(ONEDNN),no)
  ONEDNN_SAID := oneDNN: building without $(if $(ONEDNN_FOUND),(ONEDNN=no),(not found; on x86-64, libdnnl-dev adds it))
else
  $(error ONEDNN is "$(ONEDNN)"; it is yes or no)
endif

# Asked once, and only when something is compiled: `make deps` must work before pkg-config exists.
PKG_CFLAGS = $(eval PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES) | sed 's/-I/-isystem /g'))$(PKG_CFLAGS)
PKG_LIBS   = $(eval PKG_LIBS := $(shell pkg-config --libs $(PACKAGES)))$(PKG_LIBS)

COMPILE = $(CC) -std=c11 $(WARNINGS) $(DEFINES) -Iinclude -Isrc $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(SAN) \
          -ffp-contract=off -fno-math-errno -pthread -fPIC -fvisibility=hidden -MMD -MP
OTHER_LIBS := $(strip $(ONEDNN_LIBS) -lgif $(if $(filter Linux,$(shell uname -s)),-ldl) -pthread -lm)
LIBS    = $(LDFLAGS) $(SAN) $(PKG_LIBS) $(OTHER_LIBS)

# `make V=1` shows whole commands.
Q := $(if $(V),,@)
say = $(if $(V),,@echo "$(1)")

# ---- what is built from what -----------------------------------------------------------------

ROOMS       := base image nn model media style temporal region schedule render
LIB_SOURCES := $(sort $(wildcard $(ROOMS:%=src/%/*.c)))
CLI_SOURCES := $(sort $(wildcard src/cli/*.c))
TESTS       := $(sort $(wildcard tests/*/test_*.c))
FUZZERS     := $(sort $(wildcard tests/fuzz/fuzz_*.c))
TEST_TOOLS  := $(sort $(wildcard tests/support/*.c))

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIB_OBJECTS  := $(call object,$(LIB_SOURCES))

# Inner loops, compiled once more for each instruction set of x86; kernels_choose.c of their room picks one at run time.
KERNEL_SETS  := $(if $(filter x86_64% i386% i486% i586% i686%,$(shell $(CC) -dumpmachine 2>/dev/null)),avx2 avx512)
KERNEL_SOURCES := nn/kernels nn/kernels_rows temporal/kernels temporal/kernels_steady \
                  media/kernels_near media/kernels_walk
KERNEL_OBJECTS := $(foreach set,$(KERNEL_SETS),$(KERNEL_SOURCES:%=$(BUILD)/obj/src/%.$(set).o))
KERNEL_NAMES := KERNELS ROW_KERNELS TEMPORAL_KERNELS STEADY_KERNELS MEDIA_KERNELS MEDIA_WALK_ROW
kernel_names = $(foreach name,$(KERNEL_NAMES),-DSOL_$(name)=sol_$(shell echo $(name) | tr A-Z a-z)_$(1))
LIB_OBJECTS  += $(KERNEL_OBJECTS)
kernel_flags_avx2   := -mavx2 -mfma -DSOL_KERNELS_FLAGS=SOL_CPU_AVX2
kernel_flags_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512 \
                       -DSOL_KERNELS_FLAGS=SOL_CPU_AVX512
CLI_OBJECTS  := $(call object,$(CLI_SOURCES))
TOOL_OBJECTS := $(call object,$(TEST_TOOLS))
# What fuzzers share with tests; the rest of tests/support takes cmocka.
FUZZ_TOOL_OBJECTS := $(call object,tests/support/gif_cases.c tests/support/gifs.c)
TEST_PROGRAMS := $(TESTS:%.c=$(BUILD)/%)

.PHONY: all help deps demo test test-programs fuzz fuzz-programs bench bench-conv bench-flow bench-gif bench-steady sample install uninstall clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BUILD)/solstice $(BUILD)/$(SHARED)

help:
	@echo "make            build $(BUILD)/solstice and the library"
	@echo "make demo       install what is missing, build, render configs/sample/seasons.yaml into out/"
	@echo "make test       install what is missing, build, run every test"
	@echo "make fuzz       feed readers of files and the GIF encoder with random bytes, FUZZ_SECONDS ($(FUZZ_SECONDS)) each; takes clang"
	@echo "make deps       install what building and testing need, where it is missing"
	@echo "make bench      time painting, beside PyTorch where that is installed, into docs/performance.md"
	@echo "make bench-conv time convolution by im2col and by Winograd, layer by layer"
	@echo "make bench-flow measure optical flow: how far off it is, and its time"
	@echo "make bench-gif  measure GIFs beside those of ffmpeg and gifsicle; BENCH_GIF='--help' tells what can be asked"
	@echo "make bench-steady  measure how steady films are, and what that costs; BENCH_STEADY='--help' tells what can be asked"
	@echo "make sample     make the sample clip and styles in configs/sample anew"
	@echo "make install    into PREFIX ($(PREFIX)), below DESTDIR where that is set; also: make uninstall"
	@echo "make clean      remove build/"
	@echo
	@echo "VARIANT=release|debug|san picks how it is built (san: address and undefined-behaviour sanitizers);"
	@echo "ONEDNN=no builds without oneDNN, which is built in where it is found, on x86-64;"
	@echo "CC, CFLAGS, LDFLAGS and BUILD are yours to set; V=1 shows whole commands."

deps:
	@scripts/deps.sh build test

demo:
	@scripts/deps.sh build
	@$(MAKE) --no-print-directory -j$(JOBS) all
	$(BUILD)/solstice render configs/sample/seasons.yaml --overwrite

test:
	@scripts/deps.sh build test
	@$(MAKE) --no-print-directory -j$(JOBS) all test-programs
	@tests/run.sh $(BUILD)

test-programs: $(TEST_PROGRAMS)

# libFuzzer comes with clang's runtime, which not every clang brings along.
FUZZ_BUILD := build/fuzz
fuzz:
	@mkdir -p $(FUZZ_BUILD)
	@if { echo '#include "tests/fuzz/fuzz.h"'; \
	       echo 'int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) { return data && size > 9; }'; } | \
	     $(FUZZ_CC) -I. -fsanitize=fuzzer,address -x c - -o $(FUZZ_BUILD)/check 2>/dev/null; then \
	  $(MAKE) --no-print-directory VARIANT=san CC=$(FUZZ_CC) BUILD=$(FUZZ_BUILD) FUZZER=yes -j$(JOBS) fuzz-programs && \
	  tests/fuzz/run.sh $(FUZZ_BUILD) $(FUZZ_SECONDS); \
	else \
	  echo "fuzz: skipped, since there is no $(FUZZ_CC) with libFuzzer (on Debian: clang and libclang-rt-dev)"; \
	fi

fuzz-programs: $(FUZZERS:%.c=$(BUILD)/%)

bench: all
	scripts/bench.py --solstice $(BUILD)/solstice

bench-conv: $(BUILD)/tests/bench/conv
	env -u OPENBLAS_CORETYPE $(BUILD)/tests/bench/conv

bench-flow: $(BUILD)/tests/bench/flow
	$(BUILD)/tests/bench/flow

bench-gif: all $(BUILD)/tests/bench/gif_measure
	tests/bench/gif.sh --solstice $(BUILD)/solstice --measure $(BUILD)/tests/bench/gif_measure $(BENCH_GIF)

bench-steady: all
	scripts/bench-steady.sh --solstice $(BUILD)/solstice $(BENCH_STEADY)

sample: scripts/make-sample.sh
	scripts/make-sample.sh

# ---- rules -----------------------------------------------------------------------------------

# Says what is missing before the compiler does.
$(BUILD)/deps.ok: scripts/deps.sh
	@mkdir -p $(@D)
	@scripts/deps.sh --check build
	@touch $@

# Changes when the compiler, its flags or oneDNN do, and everything with it.
$(BUILD)/flags: FORCE | $(BUILD)/deps.ok
	@echo '$(COMPILE) $(LIBS) $(ONEDNN_SAID)' >$@.new
	@if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; echo '$(ONEDNN_SAID)'; fi

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc      $<)
	$(Q)$(COMPILE) $(if $(filter tests/%,$<),-Itests) -c $< -o $@

# src/nn/kernels.avx2.o is src/nn/kernels.c for the set avx2.
set = $(patsubst .%,%,$(suffix $(basename $@)))
.SECONDEXPANSION:
$(KERNEL_OBJECTS): $(BUILD)/obj/%.o: $$(basename $$*).c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,cc      $< ($(set)))
	$(Q)$(COMPILE) $(kernel_flags_$(set)) $(call kernel_names,$(set)) -DSOL_KERNELS_NAME='"$(set)"' -c $< -o $@

$(BUILD)/libsolstice.a: $(LIB_OBJECTS)
	@rm -f $@
	$(call say,archive $@)
	$(Q)$(AR) rcs $@ $^

$(BUILD)/$(SHARED): $(LIB_OBJECTS)
	$(call say,link    $@)
	$(Q)$(CC) $(SHARED_FLAGS) $(CFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/solstice: $(CLI_OBJECTS) $(BUILD)/libsolstice.a
	$(call say,link    $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_TOOL_OBJECTS) $(BUILD)/libsolstice.a
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(TOOL_OBJECTS) $(BUILD)/libsolstice.a
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LIBS) -lcmocka

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

# ---- installing ------------------------------------------------------------------------------

# Where bash, zsh and fish look for what completes a program's arguments.
completions = $(addprefix $(1)/,bash-completion/completions/solstice zsh/site-functions/_solstice \
                                fish/vendor_completions.d/solstice.fish)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/solstice \
	  $(DESTDIR)$(PREFIX)/share/man/man1 $(DESTDIR)$(PREFIX)/share/man/man5 $(DESTDIR)$(PREFIX)/share/solstice/models $(DESTDIR)$(PREFIX)/share/doc/solstice
	install -m 755 $(BUILD)/solstice $(DESTDIR)$(PREFIX)/bin/
	install -m 644 $(BUILD)/libsolstice.a $(DESTDIR)$(PREFIX)/lib/
	install -m 755 $(BUILD)/$(SHARED) $(DESTDIR)$(PREFIX)/lib/
	ln -sf $(SHARED) $(DESTDIR)$(PREFIX)/lib/$(LINK_NAME)
	install -m 644 include/solstice/*.h $(DESTDIR)$(PREFIX)/include/solstice/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@PACKAGES@|$(PACKAGES)|' \
	  -e 's|@LIBS@|$(OTHER_LIBS)|' \
	  scripts/solstice.pc.in >$(DESTDIR)$(PREFIX)/lib/pkgconfig/solstice.pc
	install -m 644 docs/solstice.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 docs/solstice-schedule.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -d $(dir $(call completions,$(DESTDIR)$(PREFIX)/share))
	for shell in bash zsh fish; do $(BUILD)/solstice completion $$shell >$(BUILD)/completion.$$shell || exit 1; done
	install -m 644 $(BUILD)/completion.bash $(word 1,$(call completions,$(DESTDIR)$(PREFIX)/share))
	install -m 644 $(BUILD)/completion.zsh $(word 2,$(call completions,$(DESTDIR)$(PREFIX)/share))
	install -m 644 $(BUILD)/completion.fish $(word 3,$(call completions,$(DESTDIR)$(PREFIX)/share))
	install -m 644 models/*.safetensors models/*.json $(DESTDIR)$(PREFIX)/share/solstice/models/
	install -m 644 docs/schedule.md docs/regions.md docs/model-format.md docs/models.md docs/gatys.md docs/measure.md \
	  $(DESTDIR)$(PREFIX)/share/doc/solstice/

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/solstice $(DESTDIR)$(PREFIX)/lib/libsolstice.a \
	  $(DESTDIR)$(PREFIX)/lib/$(SHARED) $(DESTDIR)$(PREFIX)/lib/$(LINK_NAME) \
	  $(DESTDIR)$(PREFIX)/lib/pkgconfig/solstice.pc $(DESTDIR)$(PREFIX)/share/man/man1/solstice.1 \
	  $(DESTDIR)$(PREFIX)/share/man/man5/solstice-schedule.5 $(call completions,$(DESTDIR)$(PREFIX)/share)
	rm -rf $(DESTDIR)$(PREFIX)/include/solstice $(DESTDIR)$(PREFIX)/share/solstice \
	  $(DESTDIR)$(PREFIX)/share/doc/solstice

clean:
	rm -rf build
