"""Compares what `amp-rules record` replaces with what detect-secrets finds, on the same synthetic texts.

    compare.py PATH-OF-AMP-RULES [--update]

The texts are those of testdata/secrets; their secrets are assembled here, from a fixed seed. Each text is one row of a table
that is recorded, and one file that detect-secrets scans with all its plugins. A difference is printed with its explanation
from differences.tsv. A difference without an explanation, and an explanation without a difference, set the exit code to 1.
`--update` adds missing lines to differences.tsv with an empty explanation, which still fails, and removes the others.
"""

import argparse
import base64
import collections
import gzip
import json
import pathlib
import random
import string
import subprocess
import sys
import tempfile

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings

HERE = pathlib.Path(__file__).parent
TEXTS = HERE / "../../testdata/secrets"
RULES = HERE / "../../../amp-rules-cli/tests/data/kettle"
DIFFERENCES = HERE / "differences.tsv"

ALPHABETS = {
    "a": string.ascii_letters + string.digits,
    "b": string.ascii_letters + string.digits + "+/",
    "w": string.ascii_letters + string.digits + "_-",
    "m": "".join(c for c in string.ascii_letters if c not in "lIO"),
    "l": string.ascii_lowercase + string.digits,
    "c": string.ascii_lowercase,
    "u": string.ascii_uppercase + string.digits,
    "U": "0123456789ABCDEF",
    "x": "0123456789abcdef",
    "d": "123456789",
    "2": string.ascii_lowercase + "234567",
}


class Dice(random.Random):
    def text(self, alphabet, length):
        letters = ALPHABETS[alphabet]
        while True:
            text = "".join(self.choice(letters) for _ in range(length))
            typical = length < 5 or any(c.isdigit() for c in text) or "0" not in letters
            if not text or (typical and text[0].isalnum() and text[-1].isalnum()):
                return text

    def part(self, name):
        if name == "G":
            return "-".join(self.text("x", length) for length in (8, 4, 4, 4, 12))
        if name == "card":
            digits = "4539" + self.text("d", 11)
            return next(digits + str(check) for check in range(10) if luhn(digits + str(check)))
        if name == "iban":
            account = "37040044" + self.text("d", 10)
            return next(f"DE{check:02}{account}" for check in range(2, 99) if mod97(f"DE{check:02}{account}"))
        if name.startswith("B:"):
            return base64.b64encode(name[2:].encode()).decode().rstrip("=")
        return self.text(name[0], int(name[1:]))

    def expand(self, sample):
        while (start := sample.rfind("@{")) >= 0:
            end = sample.index("}", start)
            sample = sample[:start] + self.part(sample[start + 2 : end]) + sample[end + 1 :]
        return sample


def luhn(card):
    values = (int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(card)))
    return sum(value // 10 + value % 10 for value in values) % 10 == 0


def mod97(iban):
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


class Text:
    """A text with the secrets in it. `group`: the kind of its secret, or what it is a sample of."""

    def __init__(self, group, sample, dice):
        self.group = group
        parts = dice.expand(sample).replace("«", "\0").replace("»", "\0").split("\0")
        self.secrets = parts[1::2]
        self.text = "".join(parts)


def texts():
    found = []
    for name, prefix in [("kinds", ""), ("trials", "trials: "), ("harmless", "harmless: ")]:
        for seed, line in enumerate((TEXTS / f"{name}.ndjson").read_text().splitlines()):
            group, sample = json.loads(line)
            found.append(Text(prefix + group, sample, Dice(f"{name} {seed}")))
    return found


def ours(program, found):
    """The texts after `amp-rules record`."""
    with tempfile.TemporaryDirectory() as work:
        source, out = pathlib.Path(work, "from"), pathlib.Path(work, "to")
        source.mkdir()
        rows = [
            {"at": "2025-08-05T11:30:00Z", "kitchen": "k", "kettle": "one", "message": one.text, "id": f"row-{index}"}
            for index, one in enumerate(found)
        ]
        (source / "journal.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
        scope = ["--subject", "kitchen=k", "--now", "2025-08-05T12:00:00Z", "--last", "1h"]
        command = [program, "record", "--rules", RULES, "--fixture", source, "--out", out, *scope]
        subprocess.run(command, check=True, capture_output=True)
        lines = gzip.open(out / "journal.ndjson.gz", "rt").read().splitlines()
        return [json.loads(line)["message"] for line in lines]


def theirs(found):
    """The types and values that detect-secrets finds in each text."""
    with tempfile.TemporaryDirectory() as work:
        all_finds = []
        for index, one in enumerate(found):
            path = pathlib.Path(work, f"text-{index}.txt")
            path.write_text(one.text)
            secrets = SecretsCollection()
            with default_settings():
                secrets.scan_file(str(path))
            all_finds.append([(secret.type, secret.secret_value or "") for _, secret in secrets])
        return all_finds


def overlaps(value, secret):
    return len(value) > 3 and (value in secret or secret in value)


def differences(found, after, finds):
    """The differences as (side, name, example): `name` is a kind, or a group with a type of detect-secrets."""
    counts = collections.Counter()
    for one, new, secrets in zip(found, after, finds):
        if one.group.startswith("harmless"):
            counts["harmless texts"] += 1
            if new != one.text:
                yield "ours", f"{one.group}", one.text
            for kind, value in secrets:
                yield "theirs", f"{one.group}: {kind}", value
            continue
        counts["texts with secrets"] += 1
        left = [secret for secret in one.secrets if secret in new]
        seen = [secret for secret in one.secrets if any(overlaps(value, secret) for _, value in secrets)]
        counts["found by amp-rules"] += not left
        counts["found by detect-secrets"] += len(seen) == len(one.secrets)
        counts["found by both"] += not left and len(seen) == len(one.secrets)
        if left:
            yield ("theirs" if set(left) & set(seen) else "neither"), one.group, one.text
        elif len(seen) < len(one.secrets):
            yield "ours", one.group, one.text
        for kind, value in secrets:
            if value in new and not any(overlaps(value, secret) for secret in one.secrets):
                yield "theirs", f"{one.group}: {kind}", value
    for name, count in counts.items():
        print(f"{count:5} {name}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("program", help="the path of amp-rules")
    arguments.add_argument("--update", action="store_true", help="write the differences; explain them by hand")
    arguments = arguments.parse_args()
    found = texts()
    examples = collections.defaultdict(list)
    for side, name, example in differences(found, ours(arguments.program, found), theirs(found)):
        examples[side, name].append(example)
    lines = [line.split("\t") for line in DIFFERENCES.read_text().splitlines() if line and not line.startswith("#")]
    known = {(side, name): reason for side, name, reason in lines}
    if arguments.update:
        header = [line for line in DIFFERENCES.read_text().splitlines() if line.startswith("#")]
        rows = [f"{side}\t{name}\t{known.get((side, name), '')}" for side, name in sorted(examples)]
        DIFFERENCES.write_text("\n".join(header + rows) + "\n")
    failures = 0
    by_reason = collections.defaultdict(list)
    for key in sorted(examples):
        reason = known.get(key, "")
        if reason:
            by_reason[key[0], reason].append(key[1])
        else:
            failures += 1
            print(f"unexplained: only {key[0]}: {key[1]}: {examples[key][0]!r}")
    for side, name in sorted(set(known) - set(examples)):
        failures += 1
        print(f"no longer a difference: {side}: {name}")
    total = sum(len(all_of) for all_of in examples.values())
    print(f"{total:5} differences of {len(examples)} kinds")
    for (side, reason), names in sorted(by_reason.items()):
        print(f"only {side}: {reason}\n    {', '.join(names)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
