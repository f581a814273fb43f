"""Makes what is derived of the chart: its copy of the default rules, the table of values, the descriptions in
the schema, the plain manifests.

With --check nothing is written, and the exit code is 1 if something is stale.
"""

import json
import re
import sys

import chart

MANIFESTS = chart.ROOT / "deploy/manifests/ruled.yaml"
VALUES = chart.ROOT / "deploy/manifests/values.yaml"
SCHEMA = chart.CHART / "values.schema.json"
README = chart.CHART / "README.md"
MARKS = ("<!-- values: made by scripts/render-manifests -->\n", "<!-- end of values -->\n")


def manifests():
    """The chart with deploy/manifests/values.yaml, in one file, without what only Helm understands."""
    text = chart.render(VALUES, "--skip-tests", "--no-hooks")
    text = re.sub(r"(?m)^# Source: .*\n", "", text)
    text = re.sub(r"(?m)^ *helm\.sh/chart: .*\n", "", text)
    text = text.replace("app.kubernetes.io/managed-by: Helm", "app.kubernetes.io/managed-by: kubectl")
    text = re.sub(r"(?m)^ +\n", "\n", text)
    return (chart.ROOT / "deploy/manifests/head.yaml").read_text() + text


def table():
    """README.md with the table of values in its place."""
    lines = ["| value | meaning | default |", "| --- | --- | --- |"]
    for value in chart.values():
        default = json.dumps(value.default, separators=(", ", ": "), ensure_ascii=False)
        lines.append(f"| `{value.path}` | {value.comment} | `{default}` |")
    readme = README.read_text()
    before, rest = readme.split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    return before + MARKS[0] + "\n" + "\n".join(lines) + "\n\n" + MARKS[1] + after


def schema():
    """values.schema.json with the comments of values.yaml as descriptions, which editors show."""
    whole = json.loads(SCHEMA.read_text())
    for value in chart.values():
        found = whole
        for key in value.path.split("."):
            found = found["properties"][key]
        found["description"] = value.comment
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def derived():
    """Every derived file with the text that it should have; None where it should not be there."""
    files = {README: table(), SCHEMA: schema()}
    originals = {path.name: path.read_text() for path in (chart.ROOT / "rules").glob("*.rules")}
    copies = chart.CHART / "files/rules"
    for file in {path.name for path in copies.glob("*")} | set(originals):
        files[copies / file] = originals.get(file)
    files[MANIFESTS] = manifests
    return files


def stale(write):
    """The names of derived files that were not as they should be; they are now, if that is asked for."""
    names = []
    for path, text in derived().items():
        if callable(text):
            text = text()
        if (path.read_text() if path.exists() else None) == text:
            continue
        names.append(str(path.relative_to(chart.ROOT)))
        if write and text is None:
            path.unlink()
        elif write:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return names


if __name__ == "__main__":
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit("usage: scripts/render-manifests [--check]")
    names = stale(write=not check)
    for name in names:
        print(f"stale: {name}; run scripts/render-manifests" if check else f"wrote {name}")
    sys.exit(1 if check and names else 0)
