# SPDX-License-Identifier: MIT
# One Makefile, not recursive but for the last lines of `all`. `make help` lists
# what there is to do; README.md says where to begin.

STEPS  ?= steps#           the folder with the programs to build and grade
BUILD  ?= build#           everything that is made goes here
POLICY ?= tests/points#    what steps and tests are worth, and who sees what
SEED   ?=#                 the seed of an earlier check, to repeat it
PYTHON ?= /usr/bin/python3# for the maintainers' tools; python3-clang is there
RESULTS ?= $(BUILD)/results.json
FORMAT ?=#                 the verdict for other programs: junit tap gradescope markdown html

# Names that others chose stay what they are: a folder called $$(shell …) is no
# call. The shell gets them from the environment, not as text of its own.
NAMES := STEPS CLASS POLICY HOSTS SHEET ASSIGNMENT
$(foreach name,$(NAMES),$(eval override $(name) := $$(value $(name))))
export $(NAMES)

CFLAGS ?= -g
WARN   := -std=c17 -Wall -Wextra -Wpedantic
LABWARN := -std=c17 -Wall -Wextra# not pedantic: dlsym(3) is POSIX, not ISO C
# For grading: a line of source for every call, no position-independent code
# (gcc 12's AddressSanitizer dies with it where mmap_rnd_bits is 32), no
# FORTIFY (its calls would pass the witness by).
GRADED  := -std=c17 -g -O1 -fno-optimize-sibling-calls -no-pie -fno-pie \
           -U_FORTIFY_SOURCE
CHECKED := -fsanitize=address,undefined -fno-sanitize-recover=undefined

# The students' copy is marked by a file; the kit itself, by its last commit.
VERSION = $(shell cat .version 2>/dev/null || git describe --tags --always --dirty 2>/dev/null || echo unknown)

# The steps are a table: their order, points, who is whose other end.
STEMS := $(shell sed -n 's/^\([0-9][a-z0-9_]*\) *|.*/\1/p' tests/steps)
NN     = $(if $(filter 1 2 3 4 5 6 7 8 9,$*),0$*,$*)# make check-2 means check-02

# make takes a name with a space for two. So any folder but the kit's own two is
# reached through a link, whose name is made of its path.
ifneq ($(words $(BUILD)),1)
  $(error BUILD may not contain a space: BUILD='$(BUILD)')
endif
ifneq ($(and $(filter 1,$(words $(STEPS))),$(filter $(STEPS),steps solutions)),)
  IN := $(STEPS)
else
  IN := $(shell there=$$(realpath -e -- '$(subst ','\'',$(STEPS))' 2>/dev/null) && [ -d "$$there" ] && \
          name=$(BUILD)/folders/$$(printf %s "$$there" | cksum | tr ' ' -) && \
          mkdir -p $(BUILD)/folders && ln -sfn -- "$$there" $$name && echo $$name)
  ifeq ($(IN),)
    $(error STEPS='$(STEPS)': there is no such folder. Give the one that has 01_socket.c in it)
  endif
endif
OUT     := $(BUILD)/graded/$(notdir $(IN))
WITNESS := $(BUILD)/lab/witness.o
CHECK   := $(BUILD)/check
LAB     := $(STEMS:%=$(BUILD)/objects/%.o) \
           $(patsubst tests/%.c,$(BUILD)/objects/%.o,$(wildcard tests/check/*.c) \
             $(filter-out %/witness.c,$(wildcard tests/lab/*.c)))

# What the students' copy has no files for (tests/tools/archive.py).
WHOLE := student-archive selftest% mutants% flake transcripts ladders pictures docs-check \
         docs-instructor lint setup-lint setup-grade grade% report% similar% gradescope class-trial bench%
ifneq ($(and $(wildcard .version),$(filter $(WHOLE),$(MAKECMDGOALS))),)
  $(error make $(firstword $(filter $(WHOLE),$(MAKECMDGOALS))) needs the whole kit; this is the students' copy of it, version $(VERSION))
endif

export PYTHONDONTWRITEBYTECODE = 1# nothing is written beside the sources
export PYTHONCOERCECLOCALE = 0# in the locale C the tools write ASCII, too
MAKEFLAGS += --no-builtin-rules
ifeq ($(MAKELEVEL),0)
  MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all programs check selftest selftest-tools mutants flake docs \
        docs-instructor docs-open docs-check pictures card transcripts lint setup setup-lint \
        setup-docs help clean FORCE

# ------------------------------------------------------------------- students

all: ## build the steps, and say where you stand
	@$(MAKE) --no-print-directory -k programs; status=$$?; \
	if [ -x $(CHECK) ]; then $(CHECK) --where --steps "$$STEPS" --programs $(OUT) --points "$$POLICY"; \
	else echo "The programs are in $(BUILD)/$(notdir $(IN))/. Begin with $$STEPS/01_socket.c and docs/01_socket.md; then: make check"; fi; \
	exit $$status

programs: $(STEMS:%=$(BUILD)/$(notdir $(IN))/%) $(BUILD)/compile_commands.json

$(BUILD)/$(notdir $(IN))/%: $(IN)/%.c | $(BUILD)/compiler
	@mkdir -p $(@D)
	@echo '$(CC) $(WARN) $(CFLAGS) -o $@ $<'
	@$(CC) $(WARN) $(CFLAGS) -o $@.$$$$ $< && mv $@.$$$$ $@

check: $(CHECK) $(STEMS:%=$(OUT)/%.log) ## grade all steps: STEPS=dir BUILD=dir SEED=n FORMAT=junit
	@$(CHECK) --steps "$$STEPS" --programs $(OUT) --results $(RESULTS) --points "$$POLICY" --seed "$(SEED)"; \
	status=$$?; [ -z "$(FORMAT)" ] || $(PYTHON) -m tests.grading.formats $(RESULTS) $(FORMAT) || status=2; exit $$status

check-%: $(CHECK) FORCE ## grade one step and show all that it lacks: make check-02
	@logs="$(patsubst %,$(OUT)/%.log,$(filter $(NN)%,$(STEMS)))"; \
	[ -z "$$logs" ] || $(MAKE) --no-print-directory $$logs
	@$(CHECK) --steps "$$STEPS" --programs $(OUT) --results $(RESULTS) --points "$$POLICY" --seed "$(SEED)" \
		--only "$(NN)" $(if $(TELL),--tell $(TELL))

STUDENT = @BUILD=$(BUILD) AGAIN="$(AGAIN)" FORCE="$(FORCE)" POLL="$(POLL)" POLICY="$(POLICY)" $(PYTHON) -m tests.tools
ROAD    = --steps "$$STEPS" --programs $(OUT)
.PHONY: watch next list hint diff reset open

watch: $(CHECK) $(WITNESS) ## the step you are at, checked each time you save; keys: ?
	$(STUDENT).watch $(ROAD)

next: $(CHECK) $(WITNESS) ## the same once: what to do now
	$(STUDENT).watch --once $(ROAD)

list: $(CHECK) ## where you stand, and your points
	@$(CHECK) --where --steps "$$STEPS" --programs $(OUT) --points "$$POLICY"

hint-%: FORCE ## a hint for a step; each call one more: make hint-02 AGAIN=1
	$(STUDENT).hints hint $* $(ROAD)

diff-%: FORCE ## your program beside the solution, once it passes: make diff-02
	$(STUDENT).hints diff $* $(ROAD)

reset-%: FORCE ## the starter back; yours is kept in .kept/: make reset-02
	$(STUDENT).hints reset $* $(ROAD)

open-%: FORCE ## the program in your editor, its page in the browser: make open-02
	$(STUDENT).hints open $* $(ROAD)

hint diff reset open:
	@echo "For which step? For example: make $@-02" >&2; exit 1

# Each program is built as `make` does, and twice more with the witness beside
# it: what is graded and what a student runs are never two versions. What is
# graded is what the file says now, whatever its date: it is compared with the
# copy that was built. A program that doesn't compile leaves its log and no
# binary, and costs only itself. The verdict on what the file said before goes:
# a check that is cut off before it has a new one must leave none.
$(OUT)/%.log: FORCE $(WITNESS) $(BUILD)/flags
	@mkdir -p $(@D)
	@src=$(IN)/$*.c to=$(OUT)/$* mine=$(OUT)/$*.$$$$; \
	trap 'wait; rm -f $$mine $$mine.*; exit 1' INT TERM; \
	if ! size=$$(stat -Lc %s -- $$src 2>/dev/null) || ! [ -f $$src ] || ! [ -r $$src ] || [ $$size -gt 1048576 ]; then \
		rm -f $$to.checked $$to.plain $$to.c; \
		echo "error: there is no file $*.c$${size:+, of at most 1 MiB,} in $$STEPS" >$@; exit 0; fi; \
	if cmp -s $$src $$to.c && [ $@ -nt $(WITNESS) ] && [ $@ -nt $(BUILD)/flags ] && \
	   ! grep -q '#include "' $$src; then exit 0; fi; \
	cp $$src $$mine.c; \
	mkdir -p $(BUILD)/$(notdir $(IN)); \
	{ $(CC) $(GRADED) $(CHECKED) -MMD -MF $$mine.own -w $(WITNESS) $$src -ldl -o $$mine.checked 2>$$mine.err & \
	  $(CC) $(WARN) $(CFLAGS) -w $$src -o $$mine 2>/dev/null & \
	  $(CC) $(GRADED) -MD -MF $$mine.d -Wall -Wextra -Wpedantic $(WITNESS) $$src -ldl -o $$mine.plain 2>$$mine.log; \
	  wait; }; \
	kit=$$(realpath .) built=$$(realpath $(BUILD)); [ "$$(realpath $(IN))" = "$$kit/solutions" ] || \
	if foreign=$$(sed 's/^[^:]*://; s/\\$$//' $$mine.d 2>/dev/null | xargs realpath -m -- 2>/dev/null | \
	              grep -F -e "$$kit/solutions/" -e "$$built/graded/"); then \
		rm -f $$mine.checked; echo "error: $*.c takes another program for its own: $$foreign" >$$mine.log; fi; \
	if [ "$$(sed 's/\\$$//' $$mine.own 2>/dev/null | wc -w)" -gt 2 ] && ! grep -q 'takes another program' $$mine.log; then \
		rm -f $$mine.checked $$mine.plain; \
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\("[^"]*"\).*/error: $*.c includes \1: each program stands alone, put what it needs into $*.c/p' $$src | \
		cat - $$mine.log >$$mine.err; mv $$mine.err $$mine.log; fi; \
	if [ -x $$mine.checked ] && [ -x $$mine.plain ]; then \
		mv $$mine.checked $$to.checked; mv $$mine.plain $$to.plain; \
		mv $$mine $(BUILD)/$(notdir $(IN))/$*; \
	else rm -f $$to.checked $$to.plain $$mine.checked $$mine.plain; \
		[ -s $$mine.log ] || mv $$mine.err $$mine.log; fi; \
	rm -f $$to.json; mv $$mine.c $$to.c; mv $$mine.log $@; rm -f $$mine.err $$mine.d $$mine.own

# ------------------------------------------------------------------- machines

.PHONY: doctor problems

doctor: ## what this machine lacks, what that means, and what to do
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing; run: make setup" >&2; exit 1; }
	@$(PYTHON) -m tests.tools.doctor $(BUILD) "$$STEPS" "$(CC)" "$(VERSION)"

# For editors (.clangd): with which flags each file is compiled.
comma := ,
compiled = $(foreach file,$(wildcard $(1)),{"directory": "$(CURDIR)", "file": "$(file)", "command": "$(CC) $(2) -c $(file)"}|)
$(BUILD)/compile_commands.json: $(BUILD)/flags $(wildcard steps solutions docs/examples tests tests/lab tests/tools/trace tests/tools/bench)
	$(file >$@,$(subst }|,}$(comma),$(subst }|],}],[$(call compiled,steps/*.c solutions/*.c docs/examples/*.c,$(WARN)) \
	  $(call compiled,tests/*.c tests/lab/*.c tests/check/*.c tests/tools/trace/*.c tests/tools/bench/*.c,$(LABWARN) -D_GNU_SOURCE -I$(BUILD)/objects/lab)])))

# The report first, for people; then the lines that an editor reads.
define problems
	@rm -f $(RESULTS); $(MAKE) --no-print-directory $(1); status=$$?; \
	$(PYTHON) -m tests.tools.problems $(RESULTS) && exit $$status
endef

problems: FORCE ## check, and print the findings as a compiler does: for editors
	$(call problems,check)

problems-%: FORCE ## the same for one step: make problems-02
	$(call problems,check-$*)

# Of two programs of a number the first. Built anew: -O0 is what a debugger wants. GDBFLAGS is
# for gdb, ARGS for the program.
debug-%: STEM = $(firstword $(filter $(NN)%,$(STEMS)))
debug-%: FORCE ## run a step in gdb, with a peer on the other side: make debug-06
	@[ -n "$(STEM)" ] || { echo "There is no step $*. There are: $(STEMS)" >&2; exit 2; }
	@$(MAKE) --no-print-directory -s CFLAGS='-g -O0' -W $(IN)/$(STEM).c $(BUILD)/$(notdir $(IN))/$(STEM)
	@$(PYTHON) -m tests.tools.debug --peer=$(STEM) -q -ex 'break main' -ex 'run' $(GDBFLAGS) \
	  --args $(BUILD)/$(notdir $(IN))/$(STEM) $(ARGS)

# ------------------------------------------------------------------- packets

run-%: FORCE ## run a step, with its other end: ARGS="127.0.0.1 5555"
	+@$(PYTHON) -m tests.tools.run --make "$(MAKE)" --programs $(BUILD)/$(notdir $(IN)) $* -- $(ARGS)

.PHONY: look bench
look: ## what the lab's sockets are doing now, who has port 4444: PORT=5555
	@$(PYTHON) -m tests.tools.look --port $(or $(PORT),4444)

BENCH := $(BUILD)/bench
bench: $(BENCH)/pump $(BENCH)/plain ## measure the echo server beside others: ROUNDS=5 WRITE=1
	@$(MAKE) --no-print-directory -s $(BUILD)/$(notdir $(IN))/06_echo_server
	@[ ! -d solutions ] || $(MAKE) --no-print-directory -s STEPS=solutions $(BUILD)/solutions/06_echo_server
	@$(PYTHON) -m tests.tools.bench.bench --build $(BUILD) --programs $(BUILD)/$(notdir $(IN)) \
		--rounds $(or $(ROUNDS),5) $(if $(WRITE),--write)

$(BENCH)/%: tests/tools/bench/%.c $(BUILD)/flags | $(BUILD)/compiler
	@mkdir -p $(@D)
	@$(CC) $(LABWARN) -D_GNU_SOURCE -O2 -g -pthread $< -o $@.$$$$ && mv $@.$$$$ $@

RECORDER := $(BUILD)/lab/record $(BUILD)/lab/peer

trace-%: $(RECORDER) FORCE ## see a step's own packets as a ladder: PEER= CASE= COMPARE=1
	@logs="$(patsubst %,$(OUT)/%.log,$(filter $(firstword $(subst _, ,$(NN)))_%,$(STEMS)))"; \
	[ -z "$$logs" ] || $(MAKE) --no-print-directory $$logs
	@OUT=$(OUT) BUILD=$(BUILD) PEER='$(PEER)' CASE='$(CASE)' COMPARE='$(COMPARE)' $(PYTHON) -m tests.tools.trace.record_step $*

ladders: $(RECORDER) ## the handbook's ladders are traces of the solutions: WRITE=1
	@BUILD=$(BUILD) WRITE='$(WRITE)' $(PYTHON) -m tests.tools.trace.figures $(filter %.ladder,$(FIGURES))

.PHONY: ladders
# Of the suites' equipment, what knows no test.
TRACED := $(patsubst %,$(BUILD)/objects/lab/%.o,text outcome json address calls kernel launch supervisor family)
$(BUILD)/lab/record: $(BUILD)/objects/tools/trace/record.o $(TRACED)
	@$(CC) $^ -pthread -lpcap -ljansson -o $@.$$$$ && mv $@.$$$$ $@

$(BUILD)/lab/peer: tests/tools/trace/peer.c $(WITNESS)
	@$(CC) $(GRADED) $(LABWARN) -D_GNU_SOURCE $^ -ldl -o $@.$$$$ && mv $@.$$$$ $@

$(BUILD)/objects/tools/trace/record.o: | $(BUILD)/pcap

# ---------------------------------------------------------------- instructors

.PHONY: grade report similar gradescope class-trial
export GRADED CHECKED
grade: $(CHECK) $(WITNESS) ## grade a class, contained: CLASS=dir WHO=1 JOBS=n LIMIT=s
	@CC="$(CC)" $(PYTHON) -m tests.grading.grade --build $(BUILD)

report: ## its reports again: CLASS=dir POLICY=file FORMAT="moodle canvas csv"
	@BUILD=$(BUILD) $(PYTHON) -m tests.grading.report "$$CLASS" $(FORMAT)

similar: ## which submissions of a graded class are alike: CLASS=dir
	@BUILD=$(BUILD) $(PYTHON) -m tests.grading.similar "$$CLASS"

gradescope: $(CHECK) ## an autograder for Gradescope: POLICY=file
	@mkdir -p $(BUILD)/none; $(CHECK) --points "$$POLICY" --programs $(BUILD)/none \
		--results $(BUILD)/none/results.json >/dev/null || [ $$? = 1 ]
	@$(PYTHON) -m tests.grading.gradescope.pack $(BUILD)/gradescope.zip "$$POLICY"

class-trial: N ?= 500
class-trial: $(CHECK) $(WITNESS) ## grade a class whose verdicts are known: N=500
	@CC="$(CC)" $(PYTHON) -m tests.grading.make_class --trial $(N) $(BUILD)

.PHONY: student-archive
student-archive: ## the kit without solutions, to hand out: build/sockets-VERSION.tar.gz
	@mkdir -p $(BUILD) && $(PYTHON) -m tests.tools.archive $(BUILD) "$(VERSION)"

# ---------------------------------------------------------------- maintainers

selftest: $(CHECK) $(WITNESS) ## prove the kit: solutions, starters, mistakes, variants
	@$(PYTHON) -m tests.proof.selftest --build $(BUILD) --cc "$(CC)"

selftest-%: $(CHECK) $(WITNESS) FORCE ## the same for one step: make selftest-02
	@$(PYTHON) -m tests.proof.selftest --build $(BUILD) --cc "$(CC)" --only "$*"

# Every tool's tests stand beside it. ONLY is a folder's name, or a test_NAME.py's.
selftest-tools: $(CHECK) $(WITNESS) ## prove what stands around the suites: ONLY=trace
	@BUILD=$(BUILD) $(PYTHON) -m tests.proof.proofs $(wildcard $(if $(ONLY),tests/tools/test_$(ONLY).py tests/$(ONLY)/test_*.py tests/tools/$(ONLY)/test_*.py,\
	  tests/*/test_*.py tests/tools/*/test_*.py))

mutants: $(CHECK) $(WITNESS) ## change the solutions in every small way: are the suites awake?
	@$(PYTHON) -m tests.proof.mutants --build $(BUILD)

mutants-%: $(CHECK) $(WITNESS) FORCE ## the same for one step: make mutants-02
	@$(PYTHON) -m tests.proof.mutants --build $(BUILD) --only "$*"

flake: N ?= 200
flake: $(CHECK) $(WITNESS) ## repeat the suites N times, alone, two at once, starved
	@$(PYTHON) -m tests.proof.flake $(N) --build $(BUILD) --cc "$(CC)"

# ------------------------------------------------------------------- handbook

# What looks at the handbook keeps its things in a folder of its own.
BOOK := $(BUILD)/handbook

transcripts: ## play the handbook's terminals again, compare: WRITE=1 ONLY=02
	@$(MAKE) --no-print-directory programs STEPS=solutions >/dev/null
	@rm -rf $(BOOK)/stage && mkdir -p $(BOOK)/stage/build
	@cp -r $(BUILD)/solutions $(BOOK)/stage/build/steps && cp -r solutions $(BOOK)/stage/steps
	@mkdir $(BOOK)/stage/docs && cp -r docs/examples $(BOOK)/stage/docs/
	@$(PYTHON) tests/handbook/transcripts.py $(if $(WRITE),--write) --only "$(ONLY)" $(BOOK)/stage

pictures: ## the README's and the front page's pictures anew, of real runs
	@$(THEME)/pictures.py $(BUILD)

# Each edition is built twice: the bytes must be the same.
docs-check: $(BOOK)/node_modules | $(BUILD)/browser ## look at the handbook in a real browser: ONLY="step_02|errors"
	@rm -rf $(BOOK)/again && mkdir -p $(BOOK)/again
	@for edition in docs docs-instructor; do \
		$(MAKE) --no-print-directory $$edition >/dev/null || exit; \
		[ -z "$(ONLY)" ] || continue; \
		cp -r $(BUILD)/$$edition $(BOOK)/again/ || exit; \
		$(MAKE) --no-print-directory $$edition >/dev/null || exit; \
	done
	@node tests/handbook/check.mjs $(BUILD) $(if $(ONLY),'$(ONLY)')

$(BOOK)/node_modules: tests/handbook/package.json tests/handbook/package-lock.json | $(BUILD)/browser
	@mkdir -p $(BOOK) && cp $^ $(BOOK)/
	@cd $(BOOK) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >npm.log 2>&1 </dev/null || \
	{ cat npm.log >&2; rm -rf node_modules; exit 1; }
	@touch $@

docs: | $(BUILD)/doxygen ## build the student's handbook: build/docs/html/index.html
	$(call handbook,docs,steps,STUDENT,,A TCP lab kit in C,$(TEACHING))
	@$(THEME)/canary.py $(BUILD)/docs/html steps solutions
	@echo "$(BUILD)/docs/html/index.html"

docs-instructor: | $(BUILD)/doxygen ## the instructor's: build/docs-instructor/html/index.html
	$(call handbook,docs-instructor,solutions,INSTRUCTOR,$(patsubst %,$(BUILD)/docs-instructor/%.md,differences $(MISTAKES)),Instructor's edition)
	@$(THEME)/canary.py --present $(BUILD)/docs-instructor/html steps solutions
	@echo "$(BUILD)/docs-instructor/html/index.html"

docs-open: docs ## build the student's handbook and show it
	@xdg-open $(BUILD)/docs/html/index.html >/dev/null 2>&1 || \
	echo "Open it in a browser: file://$(abspath $(BUILD)/docs/html/index.html)"

card: docs ## the eight steps on one sheet of paper: build/card.pdf
	@command -v chromium >/dev/null || { echo "Without chromium (make setup-docs): open" \
	  "$(BUILD)/docs/html/card.html in a browser and print it, on A4 across."; exit 1; }
	@chromium --headless --no-sandbox --disable-gpu --no-pdf-header-footer --print-to-pdf=$(BUILD)/card.pdf \
	  "file://$(abspath $(BUILD))/docs/html/card.html" >/dev/null 2>&1 && echo $(BUILD)/card.pdf

# $(call handbook,FOLDER,PROGRAMS,SECTIONS,PAGES,EDITION,WITHOUT). First what the pages
# quote: the examples have to compile, the figures are drawn, the differences
# made. Then Doxygen, which may not say a word, and what it leaves undone.
TEACHING := docs/instructor.md docs/grading.md docs/reports.md docs/scale.md docs/maintainer.md
MISTAKES := mistakes $(patsubst tests/broken/%,mistakes_%,$(wildcard tests/broken/*))
THEME     = PYTHONPATH="$(CURDIR)" $(PYTHON) docs/theme
FIGURES  := $(wildcard docs/figures/*.ladder docs/figures/*.bytes docs/figures/*.graph docs/figures/*.plot)
define handbook
	@rm -rf $(BUILD)/$(1) && mkdir -p $(BUILD)/$(1)
	@$(CC) $(WARN) -Werror -fsyntax-only docs/examples/*.c
	@$(PYTHON) -m tests.tools.draw $(BUILD)/$(1)/figures $(FIGURES)
	@$(if $(filter solutions,$(2)),$(THEME)/mistakes.py $(BUILD)/$(1))
	@$(THEME)/differences.py $(BUILD)/$(1)/differences.md steps solutions
	@$(THEME)/card.py $(BUILD)/$(1)/card.md docs steps
	@HANDBOOK=$(BUILD)/$(1) PROGRAMS="$(2)" SECTIONS="$(3)" PAGES="$(4)" EDITION="$(5)" WITHOUT="$(6)" \
	doxygen Doxyfile 2>$(BUILD)/$(1)/warnings >/dev/null; status=$$?; \
	cat $(BUILD)/$(1)/warnings >&2; [ $$status = 0 ] && [ ! -s $(BUILD)/$(1)/warnings ]
	@$(THEME)/finish.py $(BUILD)/$(1)/html
endef

# -------------------------------------------------------------------- any time

C_FILES := $(wildcard steps/*.c solutions/*.c tests/*.c tests/lab/*.[ch] tests/check/*.[ch] tests/tools/bench/*.c tests/tools/trace/*.c)

lint: $(LAB) | $(BUILD)/linters ## the style of the house: clang-format, cppcheck, clang-tidy, shellcheck, pyflakes
	$(PYTHON) -m tests.proof.layers $(filter $(BUILD)/objects/lab/% $(BUILD)/objects/check/%,$(LAB))
	clang-format --dry-run -Werror $(C_FILES)
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
		--enable=warning,portability,performance -D_GNU_SOURCE steps solutions tests/lab tests/check tests/tools/bench tests/tools/trace
	clang-tidy --quiet --warnings-as-errors='*' $(wildcard solutions/*.c) -- $(WARN)
	clang-tidy --quiet --warnings-as-errors='*' $(wildcard tests/*.c tests/lab/*.c tests/check/*.c tests/tools/bench/*.c tests/tools/trace/*.c) \
		-- $(WARN) -D_GNU_SOURCE -I$(BUILD)/objects/lab
	pyflakes3 tests docs/theme
	pycodestyle --ignore=E122,E127,E128,E402,E501,E731,E741,W503,W504 tests docs/theme
	shellcheck .ci/run tests/tools/setup.sh tests/tools/debug.sh tests/grading/compile.sh

help: ## this list
	@awk -F ':.*## ' -v gone="$(and $(wildcard .version),$(WHOLE))" \
		'BEGIN { gsub("%", "[%a-z-]*", gone); gsub(" +", "|", gone); gone = "^(" gone ")$$" } \
		/^# -+ / { heading = $$0; sub(/^# -+ /, "", heading) } \
		/^[a-z%-]+:.*## / && $$1 !~ gone { sub("%", "NN", $$1); if (heading) print heading; heading = ""; \
		                   printf "  make %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

clean: ## remove everything that was made
	rm -rf $(BUILD)

$(BUILD)/objects/%.o: tests/%.c $(wildcard tests/lab/*.h tests/check/*.h) $(BUILD)/flags | $(BUILD)/ready
	@mkdir -p $(@D)
	@$(CC) $(LABWARN) -D_GNU_SOURCE -g -c $< -o $@.$$$$ && mv $@.$$$$ $@

# The table of the steps as C has it.
$(BUILD)/objects/lab/steps.inc: tests/steps
	@mkdir -p $(@D)
	@sed '/^#/d; /^ *$$/d; s/ *| */", "/g; s/^ */{"/; s/ *$$/"},/' $< >$@.$$$$ && mv $@.$$$$ $@

$(BUILD)/objects/lab/steps.o: $(BUILD)/objects/lab/steps.inc
$(BUILD)/objects/lab/steps.o: LABWARN += -I$(BUILD)/objects/lab

$(WITNESS): tests/lab/witness.c tests/lab/witness.h $(BUILD)/flags | $(BUILD)/compiler
	@mkdir -p $(@D)
	@$(CC) $(GRADED) $(LABWARN) -D_GNU_SOURCE -c $< -o $@.$$$$ && mv $@.$$$$ $@

$(CHECK): $(LAB)
	@$(CC) $^ -pthread -lcriterion -ljansson -o $@.$$$$ && mv $@.$$$$ $@

# Another compiler or other options make everything anew.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(GRADED) $(CHECKED) $(WARN)' >$@.$$$$; \
	if cmp -s $@.$$$$ $@; then rm $@.$$$$; else mv $@.$$$$ $@; fi

# ----------------------------------------------------------------------- setup

# Which packages, by their names on four kinds of Linux: tests/tools/packages.

# What a target needs, tried once: if it is missing, say how to get it. Asked
# for together with setup, setup comes first.
FIRST := $(filter setup setup-lint setup-docs setup-grade,$(MAKECMDGOALS))

$(BUILD)/compiler: | $(FIRST)
	@mkdir -p $(@D)
	@echo 'int main(void) { return 0; }' | $(CC) $(CHECKED) -xc -o $@ - 2>$@.err || \
	{ cat $@.err >&2; echo "$(CC) with AddressSanitizer is missing; run: make setup" >&2; exit 1; }

$(BUILD)/ready: | $(FIRST) $(BUILD)/compiler
	@printf '#include <criterion/criterion.h>\n#include <jansson.h>\nint main(void) { return 0; }\n' | \
	$(CC) -xc -o $@ - -lcriterion -ljansson 2>/dev/null || \
	{ echo "Criterion or Jansson is missing; run: make setup" >&2; exit 1; }

$(BUILD)/pcap: | $(FIRST)
	@mkdir -p $(@D)
	@printf '#include <pcap/pcap.h>\nint main(void) { return pcap_lib_version() == 0; }\n' | \
	$(CC) -xc -o $@ - -lpcap 2>/dev/null || \
	{ echo "libpcap is missing; run: make setup" >&2; exit 1; }

$(BUILD)/doxygen: | $(FIRST)
	@mkdir -p $(@D)
	@command -v doxygen >$@ || { rm -f $@; echo "doxygen is missing; run: make setup" >&2; exit 1; }

$(BUILD)/linters: | $(FIRST)
	@mkdir -p $(@D)
	@command -v clang-format clang-tidy cppcheck shellcheck pyflakes3 pycodestyle >$@ || \
	{ rm -f $@; echo "a linter is missing; run: make setup-lint" >&2; exit 1; }

$(BUILD)/browser: | $(FIRST)
	@mkdir -p $(@D)
	@command -v chromium >$@ && command -v node >>$@ && command -v npm >>$@ || \
	{ rm -f $@; echo "chromium, node or npm is missing; run: make setup-docs" >&2; exit 1; }

setup: ## install what is missing (Debian, Ubuntu; also Fedora, Arch, Alpine)
	@mkdir -p $(BUILD) && sh tests/tools/setup.sh setup $(BUILD)

setup-lint: $(filter setup,$(FIRST)) ## install the linters for maintainers
	@mkdir -p $(BUILD) && sh tests/tools/setup.sh setup-lint $(BUILD)

setup-docs: $(filter setup setup-lint,$(FIRST)) ## install what checks the handbook: a browser, strace
	@mkdir -p $(BUILD) && sh tests/tools/setup.sh setup-docs $(BUILD)

.PHONY: setup-grade
setup-grade: $(filter setup setup-lint setup-docs,$(FIRST)) ## install what grading a class takes: bubblewrap, parallel
	@mkdir -p $(BUILD) && sh tests/tools/setup.sh setup-grade $(BUILD)
