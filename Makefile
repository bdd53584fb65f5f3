.PHONY: build test quick screenshots

# The site of this repository's own records, in book/.
build:
	cargo run --release -- build

# All of CI.
test:
	.ci/run

# What to run while working: everything but the browser.
quick:
	cargo clippy --locked --all-targets -- -D warnings
	cargo test --locked -- --skip browser::

# Every page kind at three widths, light and dark, in target/screenshots/.
screenshots:
	.ci/install
	cargo test --locked -- browser::every_page_kind_fits_its_window
	@echo "look at target/screenshots/"
