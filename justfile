# Names for what is done often. `.ci/run` is the one place that says how; this only calls it.

default:
    @just --list

# Everything that CI does.
ci:
    .ci/run

fmt:
    cargo fmt --all

lint:
    .ci/run fmt lint

test:
    .ci/run test

docs:
    .ci/run docs

rules:
    .ci/run rules

package:
    .ci/run package

# Compares the public API of the core with docs/public-api.txt.
api:
    .ci/run api

# Writes docs/public-api.txt again.
api-update:
    .ci/run api-update

# Benchmarks, all of them.
bench:
    cargo bench --workspace

# How good the diagnoses are: random incidents with known roots, so many per setting; makes docs/quality.md.
quality worlds='1000':
    cargo run --release -q -p amp-rules-benches --bin quality -- {{worlds}}

# What becomes of a diagnosis when telemetry is missing, late or renamed: every incident of the pack; makes docs/degrade.md.
degrade:
    cargo run --release -q -p amp-rules-benches --bin degrade

# The laws of the evaluator and its reference over generated packs and telemetry, other ones in every run.
laws cases='10000':
    AMP_RULES_CASES={{cases}} cargo test --release -p amp-rules-core --test it -- laws reference

# Lowered queries, run by the interpreter, against row folding.
lowering cases='10000':
    AMP_RULES_CASES={{cases}} cargo test -p amp-rules-kql --test it -- lowering

# Every incident and scenario without each of its tables, components and metrics in turn.
blinding:
    AMP_RULES_BLINDING=all cargo test --release -p amp-rules-fixtures --test it -- p4

# Every incident with each column, property and table renamed, missing, or missing in half of the rows.
misread:
    AMP_RULES_MISREAD=all cargo test --release -p amp-rules-fixtures --test it -- misread

# Random mutations of rule files, for many times as long as the tests take.
fuzz-long:
    PROPTEST_CASES=100000 cargo test --release -p amp-rules-core --test it -- the_compiler_does_not_panic

# Regenerates generated files and expectations; read the difference before committing.
update:
    UPDATE=1 cargo test --workspace

# Generated queries on generated tables, by our interpreter and by a second engine; other ones with another seed.
kql-duckdb cases='2000' seed='1':
    python3 -m venv target/duckdb
    target/duckdb/bin/pip install --quiet --requirement kql-lang/tests/duckdb/requirements.txt
    cargo build --release -p amp-rules-cli
    target/duckdb/bin/python kql-lang/tests/duckdb/differential.py target/release/amp-rules --cases {{cases}} --seed {{seed}}

# What becomes of the queries of a folder: how many run, run on a service only, are refused, or differ from Microsoft's binder.
kql-corpus dir:
    cargo run --release -q -p kql-testing --bin kql-corpus -- {{dir}}

# Generated and mutated queries, here and by Microsoft's binder; other ones with another seed.
kql-differential cases='20000' seed='2':
    KQL_CASES={{cases}} KQL_SEED={{seed}} cargo test --release -p kql-lang --test it -- differential

# What `record` replaces, compared with what detect-secrets finds, on the same synthetic texts; each difference is explained.
secrets *options:
    python3 -m venv target/secrets
    target/secrets/bin/pip install --quiet --requirement amp-rules-fixtures/tests/secrets/requirements.txt
    cargo build -p amp-rules-cli
    target/secrets/bin/python amp-rules-fixtures/tests/secrets/compare.py target/debug/amp-rules {{options}}

# The dependency tree's licences, sources and bans: `cargo install --locked cargo-deny --version 0.20.2`.
deny:
    cargo deny check bans licenses sources

# Published vulnerabilities of the dependencies; downloads the database.
advisories:
    cargo deny check advisories

# Runs one fuzz target; without a target, lists them. A file in place of the seconds runs that one input.
fuzz target='' seconds='60':
    fuzz/run {{target}} {{seconds}}

# Runs every fuzz target, one after the other.
fuzz-all seconds='60':
    fuzz/run all {{seconds}}

# Every fuzz target on its seeds only.
fuzz-seeds:
    cargo test --locked --manifest-path fuzz/Cargo.toml

typos:
    typos
