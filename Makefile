.PHONY: build test quick screenshots pictures

# The site of this repository's own records, in book/.
build:
	cargo run --release -- build

# All of CI.
test:
	.ci/run

# What to run while working: everything but the browser.
quick:
	cargo clippy --locked --all-targets -- -D warnings
	cargo test --locked -- --skip browser:: --skip face::

# Every page kind at three widths, light and dark, in target/screenshots/.
screenshots:
	.ci/install
	cargo test --locked -- face::every_page_kind_fits_its_window
	@echo "look at target/screenshots/"

# The pictures in docs/pictures/: terminals, each recorded while its session is typed, and pages of our own site. Takes
# Debian's python3 and termtosvg, and what the tests need.
pictures:
	cargo build --locked
	mkdir -p target/pictures
	set -e; for session in docs/pictures/*.session; do \
		name=$$(basename $$session .session); \
		PATH="$$PWD/target/debug:$$PATH" python3 docs/pictures/record.py $$session > target/pictures/$$name.cast; \
		termtosvg render target/pictures/$$name.cast docs/pictures/$$name.svg -t docs/pictures/terminal.svg -m 60 -D 4000; \
	done
	target/debug/faultbook build --as-of 2026-11-26 --dest-dir target/pictures/site
	docs/pictures/shoot target/pictures/site
