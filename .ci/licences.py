"""Every dependency's licence is one that deny.toml allows. Needs cargo and Python 3.11, nothing else."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def satisfied(expression, allowed):
    """Whether an SPDX expression can be met with the allowed licences: OR, AND and parentheses, `A/B` as an old form of OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    joined = []
    for token in tokens:  # `X WITH Y` is one licence
        if joined and (token == "WITH" or joined[-1].endswith(" WITH")):
            joined[-1] += " " + token
        else:
            joined.append(token)

    def term():
        token = joined.pop(0)
        if token == "(":
            value = any_of()
            joined.pop(0)
            return value
        return token in allowed

    def all_of():
        value = term()
        while joined and joined[0] == "AND":
            joined.pop(0)
            value = term() and value
        return value

    def any_of():
        value = all_of()
        while joined and joined[0] == "OR":
            joined.pop(0)
            value = all_of() or value
        return value

    return any_of()


def main():
    allowed = set(tomllib.loads((ROOT / "deny.toml").read_text())["licenses"]["allow"])
    metadata = json.loads(
        subprocess.check_output(["cargo", "metadata", "--format-version=1", "--all-features", "--locked"], cwd=ROOT)
    )
    bad = [
        f"{p['name']} {p['version']}: {p['license']}"
        for p in metadata["packages"]
        if not (p["license"] and satisfied(p["license"], allowed))
    ]
    print(f"licences: {len(metadata['packages']) - len(bad)} packages allowed, {len(bad)} not")
    for line in bad:
        print("  not allowed:", line)
    sys.exit(1 if bad else 0)


main()
