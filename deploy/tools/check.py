"""The checks of deploy/; scripts/check-deploy runs them. One line a check, and the exit code is 1 if one failed."""

import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

import kubernetes_validate
import yaml

import chart
import documents
import helm_test
import image_check
import invariants
import render

CASES = sorted((chart.ROOT / "deploy/tests/cases").glob("*.values.yaml"))
REFUSED = sorted((chart.ROOT / "deploy/tests/refused").glob("*.values.yaml"))
GOLDEN = chart.ROOT / "deploy/tests/golden"
# The oldest version that the chart supports, one between, and the newest with schemas.
VERSIONS = ["1.30", "1.34", "1.37"]
# Resources of operators, which Kubernetes' schemas do not have.
FOREIGN = {"monitoring.coreos.com", "cert-manager.io"}


class Skipped(Exception):
    """Why a check was not made."""


class Tally:
    """Runs checks and counts them."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0

    def run(self, name, check, *arguments):
        try:
            check(*arguments)
        except Skipped as reason:
            self.skipped += 1
            print(f"skip {name}: {reason}")
        except Exception as error:
            self.failed += 1
            print(f"FAIL {name}")
            text = (
                str(error)
                if isinstance(error, (AssertionError, chart.RenderError)) and str(error)
                else traceback.format_exc()
            )
            print("\n".join("     " + line for line in text.splitlines()))
        else:
            self.passed += 1
            print(f"ok   {name}")


def case_name(path):
    return path.name.removesuffix(".values.yaml")


def short(item):
    """An object with texts that are files of the chart by their names."""
    files = {path.read_text(): f"<{path.relative_to(chart.CHART)}>\n" for path in (chart.CHART / "files").rglob("*.*")}
    if item["kind"] == "ConfigMap":
        item = {**item, "data": {key: files.get(text, text) for key, text in item["data"].items()}}
    if item["kind"] == "Pod":
        item = json.loads(json.dumps(item))
        container = item["spec"]["containers"][0]
        container["args"] = [files.get(text, text) for text in container["args"]]
    return item


class Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such, and no aliases."""

    def ignore_aliases(self, data):
        return True


Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def check_golden(path, objects):
    compare(f"{case_name(path)}.yaml", yaml.dump_all(map(short, objects), Dumper=Dumper, sort_keys=False, width=120))
    compare(f"{case_name(path)}.txt", chart.notes(path))


def compare(name, text):
    golden = GOLDEN / name
    if os.environ.get("RULED_UPDATE_GOLDEN") == "1":
        golden.write_text(text)
        return
    old = golden.read_text() if golden.exists() else ""
    difference = "\n".join(difflib.unified_diff(old.splitlines(), text.splitlines(), "golden", "rendered", lineterm=""))
    assert old == text, f"{difference}\nRULED_UPDATE_GOLDEN=1 scripts/check-deploy takes it over"


def check_goldens_have_cases():
    extra = {path.stem for path in GOLDEN.iterdir()} - set(map(case_name, CASES))
    assert not extra, f"goldens of no case: {extra}"


def check_schemas(objects, version):
    count = 0
    for item in objects:
        if item["apiVersion"].split("/")[0] in FOREIGN:
            continue
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except Exception as error:
            raise AssertionError(f"{item['kind']} {chart.name(item)}: {error}")
        count += 1
    assert count > 5


def check_refused(path):
    expected = path.read_text().splitlines()[0].removeprefix("# refused: ")
    try:
        chart.render(path)
    except chart.RenderError as error:
        assert expected in str(error), f"expected `{expected}`, got: {error}"
    else:
        raise AssertionError("it was rendered")


def check_names():
    """Two releases share no object, in one namespace or two, and a long name stays within what Kubernetes allows."""
    seen = {}
    for release, namespace in [
        ("ruled", "ruled"),
        ("ruled", "other"),
        ("b", "ruled"),
        ("b-" + "x" * 50, "ruled"),
        ("b-" + "x" * 49 + "y", "ruled"),
        ("ruled-c", "a-b"),
        ("b-ruled-c", "a"),
        ("ruled-test", "ruled"),
        ("ruled", "n" * 63),
    ]:
        for item in chart.objects(
            chart.render(
                CASES[0].parent / "everything.values.yaml",
                "--set",
                "fullnameOverride=",
                release=release,
                namespace=namespace,
            )
        ):
            key = (item["kind"], item["metadata"].get("namespace"), chart.name(item))
            assert key not in seen, f"{key} of {release} in {namespace} and {seen.get(key)}"
            seen[key] = (release, namespace)
            # A ClusterRole and a webhook configuration may be longer, and bear the namespace's name too.
            assert len(chart.name(item)) <= (63 if namespace in key or item["kind"] == "Namespace" else 253), key


def check_odd_names():
    """Names that YAML does not read as text are text all the same."""
    options = (
        "fullnameOverride=true,nameOverride=12,rules.existingConfigMap=12,priorityClassName=on,image.pullSecrets[0]=7,"
        "commonLabels.a=1e3,scope.optOut.label=no,test.image=8,test.namespace=9,metrics.serviceMonitor.labels.b=2024"
    )
    everything = CASES[0].parent / "everything.values.yaml"
    found = chart.objects(chart.render(everything, "--set-string", options, release="2024", namespace="123"))
    for version in VERSIONS:
        check_schemas(found, version)
    names = ("name", "namespace", "serviceAccountName", "secretName", "image", "key", "priorityClassName")
    for item in found:
        for path, key, value in invariants.walk(item):
            text = key in names or path.endswith((f"abels.{key}", f"nnotations.{key}"))
            assert not text or isinstance(value, (str, dict)), f"{item['kind']} {path}: {value!r}"


def check_required():
    """Null is as if it were empty, or the schema asks for a value."""
    documented = {value.path for value in chart.values()}
    nulls = {}

    def walk(schema, values, nulls, path):
        for key, value in values.items():
            here = ".".join([*path, key])
            required = key in schema.get("required", [])
            inner = schema["properties"][key]
            if here not in documented:
                assert required, f"`{here}` may be null, and has values in it"
                walk(inner, value, nulls.setdefault(key, {}), [*path, key])
            elif not required:
                empty = value in ("", None) or isinstance(value, (dict, list)) or "null" in inner.get("type", [])
                assert empty or here == "priorityClassName", f"`{here}` may be null"
                nulls[key] = None

    walk(
        json.loads((chart.CHART / "values.schema.json").read_text()),
        yaml.safe_load((chart.CHART / "values.yaml").read_text()),
        nulls,
        [],
    )
    nulls["image"]["repository"] = "registry.example.com/ruled"
    for section in (nulls["networkPolicy"], *nulls["metrics"].values()):
        section["enabled"] = True
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(nulls, file)
        file.flush()
        objects = chart.objects(chart.render(file.name))
        chart.notes(file.name)
    for version in VERSIONS:
        check_schemas(objects, version)


def check_extra_args(rendered):
    """No option that the chart gives the webhook can be given once more."""
    options = {
        option
        for path in CASES
        for option in invariants.arguments(rendered[case_name(path)], "webhook")
        if option.startswith("--") and option not in str(yaml.safe_load(path.read_text()).get("extraArgs"))
    }
    assert len(options) > 10
    for option in sorted(options):
        try:
            chart.render(CASES[0], "--set", f"extraArgs[0]={option}=1")
        except chart.RenderError as error:
            assert f"extraArgs: the chart sets `{option}` itself" in str(error), error
        else:
            raise AssertionError(f"{option} was rendered")


def check_version():
    """The chart installs the program that it is released with."""
    declared = yaml.safe_load((chart.CHART / "Chart.yaml").read_text())
    source = chart.ROOT / "Sources/ruled/Ruled.swift"
    text = "\n".join(
        path.read_text() for path in ([source] if source.exists() else (chart.ROOT / "Sources/ruled").glob("*.swift"))
    )
    version = re.search(r'version: "([^"]+)"', text).group(1)
    assert declared["appVersion"] == version, f"appVersion is {declared['appVersion']}, the program {version}"


def check_schema_has_values():
    """The schema and values.yaml name the same values, and each has its line in the README."""
    schema = json.loads((chart.CHART / "values.schema.json").read_text())
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text())
    documented = {value.path for value in chart.values()}

    def compare(schema, values, path):
        if ".".join(path) in documented or "properties" not in schema:
            assert ".".join(path) in documented, f"`{'.'.join(path)}` has no comment"
            return
        known = set(schema["properties"]) - {"global"}
        assert known == set(values), f"`{'.'.join(path)}`: {known ^ set(values)}"
        for key in known:
            compare(schema["properties"][key], values[key], path + [key])

    compare(schema, values, [])


def check_metrics(objects):
    """Alerts and dashboard ask only for what the server counts."""
    text = json.dumps([o for o in objects if o["kind"] == "PrometheusRule"])
    text += (chart.CHART / "files/dashboard.json").read_text()
    json.loads((chart.CHART / "files/dashboard.json").read_text())
    asked = set(re.findall(r"\b((?:ruled|process)_[a-z_]+)\b", text))
    asked = {re.sub(r"_(bucket|sum|count)$", "", metric) for metric in asked}
    assert len(asked) > 10 and asked <= documents.metrics(), asked - documents.metrics()


def check_alerts(objects):
    """promtool reads the alerts, and they fire when they should: deploy/tests/alerts.yaml."""
    rules = next(o for o in objects if o["kind"] == "PrometheusRule")["spec"]
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/rules.yaml", "w") as file:
            yaml.safe_dump(rules, file)
        shutil.copy(chart.ROOT / "deploy/tests/alerts.yaml", folder)
        done = subprocess.run([promtool(), "test", "rules", "alerts.yaml"], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        done = subprocess.run([promtool(), "check", "rules", "rules.yaml"], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def check_dashboard():
    """promtool reads every query of the dashboard."""
    dashboard = json.loads((chart.CHART / "files/dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [annotation["expr"] for annotation in dashboard["annotations"]["list"]]
    rules = [
        {"record": f"q{index}", "expr": query.replace("$__rate_interval", "5m")} for index, query in enumerate(queries)
    ]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        done = subprocess.run([promtool(), "check", "rules", file.name], capture_output=True, text=True)
    assert done.returncode == 0 and f"{len(queries)} rules found" in done.stdout, done.stdout + done.stderr
    identities = [panel["id"] for panel in dashboard["panels"]]
    assert len(identities) == len(set(identities))


def promtool():
    found = shutil.which("promtool")
    if not found:
        raise Skipped("no promtool (Debian: apt-get install prometheus)")
    return found


def program():
    path = os.environ.get("RULED") or chart.ROOT / ".build/debug/ruled"
    if not os.access(path, os.X_OK):
        raise Skipped("no built `ruled`")
    return str(path)


def check_options(objects):
    """The program knows every option that the chart gives it."""
    ruled = program()

    def known(*command):
        done = subprocess.run([ruled, "help", *command], capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else ""

    for item, metadata, spec in invariants.pods(objects):
        if item["kind"] == "Deployment":
            given = spec["containers"][0]["args"]
            help = known(*(word for word in given if not word.startswith("--")))
            for word in given:
                option = word.partition("=")[0]
                assert not option.startswith("--") or re.search(
                    rf"{option}\b", help
                ), f"{option} is not known to {given[0]}"


def check_rules(objects):
    """The rules that a case renders are valid, and pass their own tests."""
    ruled = program()
    maps = [o for o in objects if o["kind"] == "ConfigMap" and o["metadata"]["labels"].get("ruled.dev/rules")]
    for command in ("validate", "test"):
        for item in maps:
            done = subprocess.run([ruled, command, "-"], input=yaml.safe_dump(item), capture_output=True, text=True)
            assert done.returncode == 0, done.stdout + done.stderr


def check_derived():
    names = render.stale(write=False)
    assert not names, f"stale: {', '.join(names)}; run scripts/render-manifests"


def check_manifests():
    objects = list(yaml.load_all(render.MANIFESTS.read_text(), chart.Loader))
    assert [o["kind"] for o in objects][0] == "Namespace" and None not in objects
    for version in VERSIONS:
        check_schemas(objects, version)
    for check in invariants.ALL:
        check(objects, yaml.safe_load(render.VALUES.read_text()))


def main():
    tally = Tally()
    tally.run("derived files are in step", check_derived)
    tally.run("the version is the program's", check_version)
    tally.run("schema, values and their comments name the same", check_schema_has_values)
    tally.run("every golden has a case", check_goldens_have_cases)
    rendered = {}
    for path in CASES:
        name = case_name(path)
        values = yaml.safe_load(path.read_text())
        tally.run(f"{name}: helm lint", lambda: chart.helm("lint", "--strict", chart.CHART, "--values", path))
        try:
            objects = rendered[name] = chart.objects(chart.render(path))
        except Exception as error:
            tally.run(f"{name}: renders", lambda: (_ for _ in ()).throw(AssertionError(str(error))))
            continue
        tally.run(f"{name}: golden", check_golden, path, objects)
        for version in VERSIONS:
            tally.run(f"{name}: schemas of Kubernetes {version}", check_schemas, objects, version)
        for check in invariants.ALL:
            tally.run(f"{name}: {check.__name__.replace('_', ' ')}", check, objects, values)
        tally.run(f"{name}: the rules are valid", check_rules, objects)
        tally.run(f"{name}: the options are known", check_options, objects)
    for path in REFUSED:
        tally.run(f"refused: {case_name(path)}", check_refused, path)
    tally.run("releases do not share names", check_names)
    tally.run("names that are no text to YAML", check_odd_names)
    tally.run("null is empty, or refused", check_required)
    tally.run("extraArgs say nothing again", check_extra_args, rendered)
    tally.run("manifests", check_manifests)
    tally.run("metrics of alerts and dashboard exist", check_metrics, rendered.get("everything", []))
    tally.run("alerts fire", check_alerts, rendered.get("everything", []))
    tally.run("queries of the dashboard", check_dashboard)
    for name, check in documents.CHECKS:
        tally.run(f"documents: {name}", check)
    for name, check in helm_test.CHECKS:
        tally.run(f"helm test: {name}", check)
    for name, check in image_check.CHECKS:
        tally.run(f"image: {name}", check)
    print(f"deploy: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    sys.exit(1 if tally.failed else 0)


if __name__ == "__main__":
    main()
