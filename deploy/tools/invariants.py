"""What must hold of every rendering, whatever the values."""

import base64
import re

import celpy

import chart

NEVER = {"kube-system"}
MIRROR = {"kubernetes.io/config.mirror": "hash"}


def of_kind(objects, kind):
    return [item for item in objects if item["kind"] == kind]


def walk(value, path=""):
    """Every key of a tree with where it stands and its value."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield f"{path}.{key}", key, inner
            yield from walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from walk(inner, f"{path}[{index}]")


def pods(objects):
    """Each pod template, and the test's pod, with the object that holds it."""
    for item in objects:
        if item["kind"] == "Deployment":
            yield item, item["spec"]["template"]["metadata"], item["spec"]["template"]["spec"]
        elif item["kind"] == "Pod":
            yield item, item["metadata"], item["spec"]


def selects(selector, labels):
    return all(labels.get(key) == value for key, value in selector.items())


def arguments(objects, component):
    """The command line of a component as a dictionary; a flag alone is true."""
    for item, metadata, spec in pods(objects):
        if metadata["labels"]["app.kubernetes.io/component"] == component:
            found = {}
            for argument in spec["containers"][0]["args"]:
                option, _, value = argument.partition("=")
                found[option] = value or True
            return found
    return None


def webhooks(objects):
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"):
        for item in of_kind(objects, kind):
            for webhook in item["webhooks"]:
                yield item, webhook


def no_bundle_unless_given(objects, values):
    given = values.get("certificates", {}).get("caBundle")
    for item, webhook in webhooks(objects):
        config = webhook["clientConfig"]
        if given:
            assert base64.b64decode(config["caBundle"]).decode() == given, webhook["name"]
        else:
            assert "caBundle" not in config, webhook["name"]


def system_namespaces_are_left_alone(objects, values):
    for item, webhook in webhooks(objects):
        if webhook["name"] == "rules.ruled.dev":
            continue
        expressions = webhook["namespaceSelector"]["matchExpressions"]
        named = next(e for e in expressions if e["key"] == "kubernetes.io/metadata.name" and e["operator"] == "NotIn")
        excluded = set(named["values"])
        assert "ruled" in excluded and NEVER <= excluded, excluded
        label = values.get("scope", {}).get("optOut", {}).get("label", "image-rewrite")
        assert any(e["key"] == label and e["operator"] == "NotIn" for e in expressions), "no opt-out"


def enforce_is_one_thing(objects, values):
    enforce = values.get("enforce", False)
    assert ("--fail-closed" in arguments(objects, "webhook")) == enforce
    for item, webhook in webhooks(objects):
        if webhook["name"] == "rules.ruled.dev":
            assert webhook["failurePolicy"] == "Ignore"
            assert webhook["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "ruled"}}
            assert webhook["rules"][0]["resources"] == ["configmaps"]
        else:
            assert webhook["failurePolicy"] == ("Fail" if enforce else "Ignore")
            assert not (enforce and "objectSelector" in webhook), "pods can opt out"
            resources = {(r, o) for rule in webhook["rules"] for r in rule["resources"] for o in rule["operations"]}
            assert resources == {("pods", "CREATE"), ("pods", "UPDATE"), ("pods/ephemeralcontainers", "UPDATE")}
        assert webhook["sideEffects"] == "None" and 1 <= webhook["timeoutSeconds"] <= 30


def conditions_never_fail(objects, values):
    samples = [
        ({"name": "a"}, True),
        ({"name": "a", "annotations": {}}, True),
        ({"name": "a", "annotations": {"x": "y"}}, True),
        ({"name": "a", "annotations": MIRROR}, False),
        ({"generateName": "a-"}, True),
    ]
    environment = celpy.Environment()
    for item, webhook in webhooks(objects):
        for condition in webhook["matchConditions"]:
            program = environment.program(environment.compile(condition["expression"]))
            if webhook["name"] == "rules.ruled.dev":
                cases = [
                    ({"name": rules_mounted(objects)}, True),
                    ({"name": "another"}, False),
                    ({"generateName": "a-"}, False),
                ]
            else:
                cases = samples
            for metadata, expected in cases:
                result = program.evaluate({"object": celpy.json_to_cel({"metadata": metadata})})
                assert bool(result) == expected, (condition["name"], metadata)


def rules_mounted(objects):
    """The ConfigMap that the webhook's replicas mount."""
    for item, metadata, spec in pods(objects):
        for volume in spec.get("volumes", []):
            if "configMap" in volume:
                return volume["configMap"]["name"]


def pods_are_restricted(objects, values):
    on_host = values.get("hostNetwork", {}).get("enabled", False)
    for item, metadata, spec in pods(objects):
        if item["kind"] == "Deployment":
            assert "runAsUser" not in spec["securityContext"], "a user of the chart's"
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        webhook = metadata["labels"]["app.kubernetes.io/component"] == "webhook"
        assert spec.get("hostNetwork", False) == (on_host and webhook)
        assert not {"hostPID", "hostIPC"} & set(spec)
        for volume in spec.get("volumes", []):
            assert set(volume) <= {"name", "configMap", "secret"}, volume
        for container in spec["containers"]:
            security = container["securityContext"]
            assert security == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            resources = container["resources"]
            assert "memory" in resources["limits"] and "cpu" not in resources["limits"], resources


def names_meet(objects, values):
    """What one object says of another is so: selectors, accounts, roles, volumes, services."""
    known = {(item["kind"], item["metadata"].get("namespace"), chart.name(item)) for item in objects}
    templates = [metadata["labels"] for item, metadata, _ in pods(objects) if item["kind"] == "Deployment"]
    for item in objects:
        kind, spec = item["kind"], item.get("spec", {})
        if kind == "Deployment":
            labels = spec["template"]["metadata"]["labels"]
            assert selects(spec["selector"]["matchLabels"], labels)
            assert sum(selects(spec["selector"]["matchLabels"], other) for other in templates) == 1
            assert spec["template"]["spec"]["serviceAccountName"] in {
                chart.name(a) for a in of_kind(objects, "ServiceAccount")
            }
        if kind == "Service":
            chosen = [
                o
                for o in of_kind(objects, "Deployment")
                if selects(spec["selector"], o["spec"]["template"]["metadata"]["labels"])
            ]
            assert (
                len(chosen) == 1
                and chosen[0]["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"] == "webhook"
            )
            ports = {p["name"] for p in chosen[0]["spec"]["template"]["spec"]["containers"][0]["ports"]}
            assert {port["targetPort"] for port in spec["ports"]} <= ports
        if kind in ("PodDisruptionBudget", "NetworkPolicy", "PodMonitor"):
            selector = (spec.get("selector") or spec.get("podSelector"))["matchLabels"]
            assert sum(selects(selector, labels) for labels in templates) == 1
        if kind == "ServiceMonitor":
            services = [
                s
                for s in of_kind(objects, "Service")
                if selects(spec["selector"]["matchLabels"], s["metadata"]["labels"])
            ]
            assert len(services) == 1
            assert spec["endpoints"][0]["port"] in {p["name"] for p in services[0]["spec"]["ports"]}
        if kind in ("RoleBinding", "ClusterRoleBinding"):
            assert (item["roleRef"]["kind"], item["metadata"].get("namespace"), item["roleRef"]["name"]) in known
            for subject in item["subjects"]:
                assert ("ServiceAccount", subject["namespace"], subject["name"]) in known
    for item, webhook in webhooks(objects):
        service = webhook["clientConfig"]["service"]
        assert ("Service", service["namespace"], service["name"]) in known
        target = next(s for s in of_kind(objects, "Service") if chart.name(s) == service["name"])
        assert service["port"] in {p["port"] for p in target["spec"]["ports"]}
    serve = arguments(objects, "webhook")
    manage = arguments(objects, "certs")
    if manage:
        assert serve["--ca-secret"] == f"{manage['--namespace']}/{manage['--ca-secret']}"
        assert ("MutatingWebhookConfiguration", None, manage["--mutating-webhook"]) in known
        validating = [chart.name(v) for v in of_kind(objects, "ValidatingWebhookConfiguration")]
        assert validating == ([manage["--validating-webhook"]] if "--validating-webhook" in manage else [])
        assert ("Service", "ruled", serve["--service-name"]) in known
    container = next(s for _, m, s in pods(objects) if m["labels"]["app.kubernetes.io/component"] == "webhook")[
        "containers"
    ][0]
    ports = {p["name"]: p["containerPort"] for p in container["ports"]}
    assert serve["--listen"].endswith(f":{ports['webhook']}") and serve["--admin-listen"].endswith(f":{ports['admin']}")
    assert container["image"].startswith(serve["--self-image"] + ":")


def rights_are_the_least(objects, values):
    """Each account's rights, and no token where there are none."""
    mode = values.get("certificates", {}).get("mode", "managed")
    watches = values.get("watchNamespaceLabels", True)
    roles = {
        (i["kind"], i["metadata"].get("namespace"), chart.name(i)): i["rules"]
        for i in objects
        if i["kind"] in ("Role", "ClusterRole")
    }
    held = {}
    for item in objects:
        if item["kind"] not in ("RoleBinding", "ClusterRoleBinding"):
            continue
        reference = item["roleRef"]
        rules = roles.pop((reference["kind"], item["metadata"].get("namespace"), reference["name"]))
        for subject in item["subjects"]:
            held.setdefault(subject["name"], []).extend(rules)
    assert not roles, f"bound to nobody: {list(roles)}"
    allowed = {
        ("webhook", "secrets"): {"get"},
        ("webhook", "namespaces"): {"get", "list", "watch"},
        ("certs", "secrets"): {"get", "create", "patch"},
        ("certs", "mutatingwebhookconfigurations"): {"get", "patch"},
        ("certs", "validatingwebhookconfigurations"): {"get", "patch"},
        ("test", "pods"): {"create"},
    }
    for item, metadata, spec in pods(objects):
        component = metadata["labels"]["app.kubernetes.io/component"]
        rules = held.pop(spec["serviceAccountName"], [])
        assert spec["automountServiceAccountToken"] == bool(rules), component
        expected = {
            "webhook": ({"secrets"} if mode == "managed" else set()) | ({"namespaces"} if watches else set()),
            "certs": {"secrets", "mutatingwebhookconfigurations"}
            | ({"validatingwebhookconfigurations"} if of_kind(objects, "ValidatingWebhookConfiguration") else set()),
            "test": {"pods"},
        }[component]
        assert {resource for rule in rules for resource in rule["resources"]} == expected, component
        for rule in rules:
            assert rule.get("resourceNames") or set(rule["resources"]) <= {"namespaces", "pods"}, rule
            for resource in rule["resources"]:
                assert set(rule["verbs"]) == allowed[component, resource], rule
    assert not held, f"rights of nobody: {held}"
    for item in of_kind(objects, "ServiceAccount"):
        assert item["automountServiceAccountToken"] is False


def replicas_stay_up(objects, values):
    deployment = next(
        o for o in of_kind(objects, "Deployment") if "readinessProbe" in o["spec"]["template"]["spec"]["containers"][0]
    )
    spec = deployment["spec"]["template"]["spec"]
    on_host = values.get("hostNetwork", {}).get("enabled", False)
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == (1 if on_host else 0)
    drain = int(arguments(objects, "webhook")["--drain"])
    assert spec["terminationGracePeriodSeconds"] > drain + 15
    assert all(c["whenUnsatisfiable"] == "ScheduleAnyway" for c in spec["topologySpreadConstraints"])
    budget = of_kind(objects, "PodDisruptionBudget")[0]["spec"]
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"
    for container in spec["containers"]:
        for mount in container["volumeMounts"]:
            assert "subPath" not in mount and mount["readOnly"]


def tests_delete_their_own(objects, values):
    """Helm deletes what a hook is called, whoever made it: all of it has a name that nobody else has."""
    hooks = [item for item in objects if "helm.sh/hook" in item["metadata"].get("annotations", {})]
    for item in hooks:
        assert re.fullmatch(r"[a-z]+-test-[0-9a-f]{8}", chart.name(item)), chart.name(item)
    namespace = values.get("test", {}).get("namespace")
    made = [chart.name(item) for item in of_kind(hooks, "Namespace")]
    assert made == ([] if namespace else [chart.name(item) for item in of_kind(hooks, "Pod")]), made
    for item in of_kind(hooks, "Role"):
        assert item["metadata"]["namespace"] == (namespace or made[0])


ALL = [
    no_bundle_unless_given,
    system_namespaces_are_left_alone,
    enforce_is_one_thing,
    conditions_never_fail,
    pods_are_restricted,
    names_meet,
    rights_are_the_least,
    replicas_stay_up,
    tests_delete_their_own,
]
