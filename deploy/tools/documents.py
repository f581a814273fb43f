"""What the pages say of the chart is so: its commands render, and what they name is there."""

import pathlib
import re
import shlex
import tempfile
import textwrap

import yaml

import chart
import invariants

PAGES = [
    chart.ROOT / page
    for page in ("docs/install.md", "docs/troubleshooting.md", "docs/operations.md", "deploy/chart/README.md")
]
# Options of `helm install` and `helm upgrade` that `helm template` does not take.
DROPPED = {"--create-namespace"}


def metrics():
    """Every metric that the program can show."""
    sources = "\n".join(path.read_text() for path in (chart.ROOT / "Sources").rglob("*.swift"))
    return set(re.findall(r'"((?:ruled|process)_[a-z_]+)"', sources))


def commands():
    """The Helm commands of the pages' shell blocks, as words."""
    for page in PAGES:
        for block in re.findall(r"(?ms)^ *```sh\n(.*?)^ *```", page.read_text()):
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line, comments=True) if line.strip().startswith("helm ") else []
                if words[:2] in (["helm", "install"], ["helm", "upgrade"]):
                    yield page.name, words


def values():
    """The values that the pages show."""
    for page in PAGES:
        for block in re.findall(r"(?ms)^ *```yaml\n(.*?)^ *```", page.read_text()):
            yield page.name, textwrap.dedent(block)


def render(page, options):
    """Renders as a page says, with rules in which nobody opts out, and the values that a page cannot have."""
    rules = chart.ROOT / "rules/examples/docker-hub-proxy/docker-hub-proxy.rules"
    base = ["--values", chart.ROOT / "deploy/manifests/values.yaml", "--set-file", rf"rules.files.a\.rules={rules}"]
    try:
        return chart.objects(chart.helm("template", "ruled", chart.CHART, "--namespace=ruled", *base, *options))
    except chart.RenderError as error:
        raise AssertionError(f"{page}: {options}\n{error}")


def helm_commands_render():
    with tempfile.TemporaryDirectory() as folder:
        count = 0
        for page, text in values():
            file = pathlib.Path(folder, "values.yaml")
            file.write_text(text)
            invariants.names_meet(render(page, ["--values", file]), yaml.safe_load(text))
            count += 1
        assert count >= 4
        count = 0
        for page, words in commands():
            assert words[2:4] == ["ruled", "deploy/chart"], words
            # The last values of the pages stand for those that a reader has.
            options = [str(file) if word == "values.yaml" else word for word in words[4:] if word not in DROPPED]
            render(page, options)
            count += 1
        assert count >= 4


def objects_are_there():
    """What kubectl is told to look at exists in an installation as the pages describe it."""
    found = chart.objects(chart.render(chart.ROOT / "deploy/manifests/values.yaml"))
    known = {(item["kind"].lower(), chart.name(item)) for item in found} | {
        ("secret", "ruled-ca"),
        ("namespace", "ruled"),
    }
    count = 0
    for page in PAGES:
        text = page.read_text()
        for kind, name in re.findall(r"\b(deployment)/(ruled[a-z-]*)", text) + re.findall(
            r"kubectl (?:delete|get|edit|label) (\w+)(?:,\w+)*(?: --namespace \w+)? (ruled[a-z-]*)", text
        ):
            assert (kind, name) in known, f"{page.name}: {kind} {name}"
            count += 1
        pattern = r"kubectl \w+(?: ([a-z,]+))?(?: --namespace \w+)? --selector ([^\s`]+)"
        for kinds, selector in re.findall(pattern, text):
            labels = dict(label.split("=") for label in selector.split(","))
            chosen = {i["kind"].lower() for i in found if invariants.selects(labels, i["metadata"]["labels"])}
            assert chosen and set(filter(None, kinds.split(","))) <= chosen, f"{page.name}: {kinds} {selector}"
            count += 1
        for service, port in re.findall(r"services/https?:([a-z-]+):([a-z]+)/proxy", text):
            ports = [
                p["name"]
                for i in invariants.of_kind(found, "Service")
                if chart.name(i) == service
                for p in i["spec"]["ports"]
            ]
            assert port in ports, f"{page.name}: {service}:{port}"
            count += 1
    assert count > 10, count


def names_are_there():
    """Values, metrics and alerts by their names."""
    values = yaml.safe_load((chart.CHART / "values.yaml").read_text())
    alerts = set(re.findall(r"alert: (\w+)", (chart.CHART / "files/alerts.yaml").read_text()))
    for page in PAGES:
        text = page.read_text()
        for metric in set(re.findall(r"\b(ruled_[a-z_]+)", text)):
            assert metric in metrics(), f"{page.name}: {metric}"
        for alert in set(re.findall(r"`(Ruled\w+)`", text)):
            assert alert in alerts, f"{page.name}: {alert}"
        for path in set(re.findall(r"`([a-z]\w*(?:\.[A-Za-z]+)+)(?:=[^`]*)?`", text)):
            if path.split(".")[0] not in values:
                continue
            value = values
            for key in path.split("."):
                free = isinstance(value, dict) and (not value or key in value or path.startswith("rules.let."))
                assert free, f"{page.name}: there is no value `{path}`"
                value = value.get(key, {})
    text = (chart.ROOT / "docs/operations.md").read_text()
    missing = {alert for alert in alerts if f"`{alert}`" not in text}
    assert not missing, f"operations.md does not have {missing}"


CHECKS = [
    ("values and Helm's commands render", helm_commands_render),
    ("objects that are named are there", objects_are_there),
    ("values, metrics and alerts that are named are there", names_are_there),
]
