//! The inputs to start from: cases of the tests of all crates, read from their files when the seeds are needed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use amp_rules_core::{RuleFile, RuleSet};
use amp_rules_kql_stub::{RecordedRequest, Stub};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

/// The rules of the pack.
pub(crate) fn pack() -> RuleSet {
    compile(&pack_files())
}

fn pack_files() -> Vec<RuleFile> {
    amp_rules_pack::files().into_iter().map(|(name, text)| RuleFile::new(name, text)).collect()
}

/// The tables of the pack with one pattern: planned and searched fast.
pub(crate) fn small_pack() -> RuleSet {
    const PATTERN: &str = "format: amp-rules/v1
id: refused
title: Exports are refused
class: cause
severity: critical
scope: pod
summary: A text for the fuzz targets.
symptoms:
  refused: { log: { component: otelcollector, regex: 'connection refused|boom' }, examples: { match: [boom] } }
  repeated: { repeats: refused, at_least: 3, within: 15m, because: any number will do }
  config: { log: { regex: 'lookup \\S+ failed' }, examples: { match: [lookup x failed] } }
  memory: { metric: otelcollector_memory_rss_095, above: 10 GB, because: any number will do }
when: { any: [repeated, config, memory] }
remedy:
  - { id: look, verify: It works }
";
    let pack = pack_files().into_iter().find(|file| file.name == "pack.yaml").expect("the pack has a pack.yaml");
    compile(&[pack, RuleFile::new("refused/pattern.yaml", PATTERN)])
}

fn compile(files: &[RuleFile]) -> RuleSet {
    amp_rules_kql::check::compile(files).unwrap_or_else(|problems| panic!("{}", problems.concise()))
}

/// A path of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// The files below a folder that end with `ending`, sorted by path. At least one.
fn files(folder: &str, ending: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, ending: &str, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())).flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, ending, found);
            } else if path.to_string_lossy().ends_with(ending) {
                let bytes = fs::read(&path).expect("a file of the repository");
                found.insert(path, bytes);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(&repository(folder), ending, &mut found);
    assert!(!found.is_empty(), "no `*{ending}` in {folder}");
    found
}

fn texts(folder: &str, ending: &str) -> impl Iterator<Item = Vec<u8>> {
    files(folder, ending).into_values()
}

/// The raw strings in a Rust file: from `r#"` to `"#`.
fn raw_strings(path: &str) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(repository(path)).expect("a file of the repository");
    let found: Vec<_> = text.split("r#\"").skip(1).filter_map(|rest| rest.split("\"#").next()).collect();
    assert!(!found.is_empty(), "no raw string in {path}");
    found.into_iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The inputs, and each compressed in both ways.
fn compressed(plain: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let gzip = |bytes: &[u8]| {
        let mut out = GzEncoder::new(Vec::new(), Compression::best());
        out.write_all(bytes).and_then(|()| out.finish()).expect("memory")
    };
    let all: Vec<_> =
        plain.iter().flat_map(|bytes| [gzip(bytes), zstd::encode_all(bytes.as_slice(), 3).expect("memory")]).collect();
    plain.into_iter().chain(all).collect()
}

pub(crate) fn rules() -> Vec<Vec<u8>> {
    let single = files("rules", "pattern.yaml").into_values();
    texts("amp-rules-core/testdata/diagnostics", ".yaml")
        .chain(texts("amp-rules-kql/testdata/diagnostics", ".yaml"))
        .chain(single)
        .collect()
}

pub(crate) fn kql() -> Vec<Vec<u8>> {
    const EACH_TYPE: &[&str] = &[
        "T | summarize count(), avg(r), make_list(s), percentile(l, 95), arg_max(t, *) by bin(t, 1h), b",
        "T | extend p = parse_json(s), q = o.a[3].b, e = extract(@'(\\d+)', 1, s) | mv-expand a = o.a | project a, p, q, e",
        "T | join kind=leftouter (U | where l > 0) on s | top 3 by l1 desc nulls last",
        "T | make-series n = count() default = 0 on t from ago(1h) to now() step 5m by s",
        "T | parse s with * 'b=' n:long ',' rest | where isnotnull(n) and s has 'b' | project-away o",
        "union withsource = name T, U | sort by t asc, l | serialize r = row_number(), d0 = prev(l) | take 5",
        "let f = (x: long) { x * 2 }; T | extend y = f(l), z = strcat(s, tostring(g), d, t) | distinct y, z",
        "T | extend u = split(s, ','), v = replace_regex(s, 'a+', '\\\\0'), w = format_datetime(t, 'yyyy-MM-dd')",
    ];
    texts("kql-lang/testdata", ".kql")
        .chain(texts("rules/queries", ".kql"))
        .chain(texts("fuzz/seeds/kql", ".kql"))
        .chain(EACH_TYPE.iter().map(|text| text.as_bytes().to_vec()))
        .collect()
}

/// Rows of a recorded incident, as lines of JSON.
fn recorded_rows(many: usize) -> Vec<Vec<u8>> {
    let text = fs::read(repository("rules/incidents/aks-fsc-prod-app-eaus-001/traces.ndjson")).expect("an incident");
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).take(many).map(<[u8]>::to_vec).collect()
}

pub(crate) fn ndjson() -> Vec<Vec<u8>> {
    let mut all: Vec<_> = texts("amp-rules-fixtures/testdata/folders", ".ndjson").collect();
    all.push(recorded_rows(5).join(&b'\n'));
    compressed(all)
}

pub(crate) fn csv() -> Vec<Vec<u8>> {
    compressed(texts("amp-rules-fixtures/testdata/folders", ".csv").collect())
}

pub(crate) fn responses() -> Vec<Vec<u8>> {
    compressed(texts("amp-rules-fixtures/testdata/folders", ".response.json").chain(bodies()).collect())
}

pub(crate) fn wire() -> Vec<Vec<u8>> {
    let own = raw_strings("amp-rules-kql/src/wire/tests.rs");
    own.into_iter().chain(bodies()).chain(texts("amp-rules-fixtures/testdata/folders", ".response.json")).collect()
}

/// Responses of the stand-in of the services, in each of their formats, for results of every type and for errors.
fn bodies() -> Vec<Vec<u8>> {
    const ROWS: &str = "datatable(timestamp: datetime, message: string, itemCount: int, n: long, r: real, d: decimal, \
        b: bool, s: timespan, g: guid, customDimensions: dynamic)[\
        datetime(2026-01-01), 'boom', 1, 9007199254740993, real(nan), 1.5, true, 1h, \
        guid(00000000-0000-0000-0000-000000000001), dynamic({\"cluster\":\"c\",\"podname\":\"p\"}), \
        datetime(null), '', int(null), long(null), real(null), decimal(null), bool(null), timespan(null), guid(null), \
        dynamic(null)]";
    let whole = Stub::new();
    let cut = Stub::new().truncate_at(1).deny("traces");
    let mut all = Vec::new();
    for stub in [&whole, &cut] {
        for query in [ROWS, "print 1", "nothing | count", "print ("] {
            for (path, body) in [
                ("/v2/rest/query", json!({ "csl": query, "db": "d" })),
                (
                    "/v1/workspaces/w/query",
                    json!({ "query": query, "timespan": "2026-01-01T00:00:00Z/2026-01-02T00:00:00Z" }),
                ),
            ] {
                let headers = [
                    ("authorization", "Bearer 0123456789"),
                    ("content-type", "application/json"),
                    ("prefer", "include-permissions=true"),
                ];
                let request = RecordedRequest {
                    method: "POST".to_owned(),
                    path: path.to_owned(),
                    headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
                    body: body.to_string().into_bytes(),
                };
                all.push(stub.reply(&request).body);
            }
        }
    }
    all
}

pub(crate) fn incident() -> Vec<Vec<u8>> {
    texts("rules/incidents", "incident.yaml").chain(texts("amp-rules-fixtures/testdata", "incident.yaml")).collect()
}

/// Texts with secrets: the samples of the tests of the recorder, with random characters in place of `@{a36}`.
pub(crate) fn redact() -> Vec<Vec<u8>> {
    // Lines of Rust or JSON whose last string is a sample with its secret in `«…»`.
    let sources =
        files("amp-rules-fixtures", ".rs").into_values().chain(texts("amp-rules-fixtures/testdata", ".ndjson"));
    let mut random = Random(1);
    let literals = sources.flat_map(|source| {
        let text = String::from_utf8_lossy(&source).into_owned();
        text.lines().filter_map(literal).filter(|text| text.contains('«')).collect::<Vec<_>>()
    });
    let samples: Vec<String> = literals.map(|text| random.expand(&text.replace(['«', '»'], ""))).collect();
    assert!(samples.len() > 20, "the samples of the recorder are no longer found");
    let mut all: Vec<Vec<u8>> =
        samples.chunks(4).map(|some| format!("0{}", some.join("\n---\n")).into_bytes()).collect();
    all.extend(samples.chunks(16).map(|some| format!("1{}", some.join("\n---\n")).into_bytes()));
    all.extend(recorded_rows(4).into_iter().map(|row| [b"1".as_slice(), &row].concat()));
    all.push(
        b"1{\"a@b.example.com\":{\"host\":\"node1.corp.example.com\"},\"password\":12345678}\n---\nhost node1".to_vec(),
    );
    all
}

/// The last string literal of a line of Rust or JSON, unescaped as far as the samples need it.
fn literal(line: &str) -> Option<String> {
    let line = line.trim().trim_end_matches(',').trim_end_matches([')', ']']).strip_suffix('"')?;
    let mut start = None;
    let mut escaped = false;
    for (at, byte) in line.bytes().enumerate() {
        if byte == b'"' && !escaped {
            start = Some(at + 1);
        }
        escaped = byte == b'\\' && !escaped;
    }
    serde_json::from_str(&format!("\"{}\"", line.get(start?..)?)).ok()
}

/// Pseudo-random numbers. Equal seeds give equal texts.
struct Random(u64);

impl Random {
    fn letter(&mut self, alphabet: &[u8]) -> char {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = usize::try_from(self.0 >> 33).unwrap_or(0) % alphabet.len();
        char::from(alphabet[at])
    }

    /// Replaces `@{…}` by random letters: as many as the digits in it, of the alphabet of its first letter.
    fn expand(&mut self, sample: &str) -> String {
        let mut parts = sample.split("@{");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            let alphabet: &[u8] = match name.as_bytes().first() {
                Some(b'd') => b"123456789",
                Some(b'x') => b"0123456789abcdef",
                Some(b'U') => b"0123456789ABCDEF",
                Some(b'c') => b"abcdefghijklmnopqrstuvwxyz",
                Some(b'u') => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
                _ => b"ABCDEFGHJKMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789",
            };
            let length: usize = name.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(12);
            for _ in 0..length.min(200) {
                write!(out, "{}", self.letter(alphabet)).expect("memory");
            }
            out.push_str(rest);
        }
        out
    }
}
