"""The Helm chart: each process gets what it needs, one worker gets the key that signs, and nobody gets past the proxy.

The first tests read the chart's files. The others render it: with the program `helm`, or with helm-python-sdk, which is
Helm as a library (`pip install helm-python-sdk kubernetes-validate`). Without both they are skipped.
"""

import importlib
import json
import re
import shutil
import subprocess
import tomllib
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest
import yaml
from django.conf import settings

from letters.schedule import QUEUES
from petition.serving import CONCURRENCY
from tests.deploying.test_containers import CONFIGURATION, DEPLOY, DOCKERFILE, KNOWN
from tests.deploying.test_nginx import SAMPLE

Document = dict[str, Any]

CHART = DEPLOY / "helm" / "undersigned"
VALUES: Document = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in (CHART / "templates").rglob("*.*")}
PROXY = (CHART / "files" / "nginx.conf").read_text(encoding="utf-8")

# The values without which nothing is rendered.
LEAST: Document = {
    "host": "letters.example.org",
    "image": {"repository": "registry.example.org/undersigned"},
    "ingress": {"tlsSecret": "letters-tls"},
}
# Everything that is off at first.
MOST: Document = {
    **LEAST,
    "imagePullSecrets": [{"name": "registry"}],
    "secrets": {"metrics": "letters-metrics"},
    "database": {"cluster": "undersigned-db", "direct": "letters-direct"},
    "web": {"autoscaling": {"enabled": True}},
    "workers": {"confirmations": {"replicas": 3}},
    "volumes": {"shared": {"claim": "ours"}},
    "networkPolicy": {"monitoringFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}]},
}


# What can be seen without Helm


def test_the_chart_names_the_version_of_the_program() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))
    assert (chart["apiVersion"], chart["name"]) == ("v2", "undersigned")
    assert chart["appVersion"] == project["project"]["version"]


def test_each_queue_has_one_worker_of_the_usual_size() -> None:
    assert sorted(VALUES["workers"]) == QUEUES
    for queue, worker in VALUES["workers"].items():
        assert worker["concurrency"] == CONCURRENCY.get(queue, 1)
        assert worker.get("replicas", 1) == 1
    # One worker signs the logs, whatever the values say.
    assert "replicas" not in VALUES["workers"]["publishing"]


def test_each_setting_exists() -> None:
    given = set(VALUES["settings"])
    for text in TEMPLATES.values():
        given |= {name.removesuffix("_FILE") for name in re.findall(r"\bname: ([A-Z][A-Z_]+)\b", text)}
    assert given >= {
        "SITE_URL",
        "VAR_DIR",
        "STATIC_ROOT",
        "LEDGER_KEY",
        "LEDGER_DIR",
        "METRICS_TOKEN",
        "TRUSTED_PROXIES",
    }
    # PostgreSQL's own, which its library reads.
    assert given - {name for name in given if f"`{name}`" in CONFIGURATION} == {"PGSSLMODE", "PGSSLROOTCERT"}


def test_what_is_secret_is_refused_among_the_values() -> None:
    (listed,) = re.findall(r"\$secret := list (.+?) \}\}", TEMPLATES["_helpers.tpl"])
    secret = {
        name for row in re.findall(r"^\| (.+?) \| \*secret\*", CONFIGURATION, re.MULTILINE) for name in row.split("`")
    }
    secret |= set(re.findall(r"`([A-Z]+_CLIENT_SECRET)`", CONFIGURATION))
    # These hold passwords.
    secret |= {"DATABASE_URL", "VALKEY_URL", "BROKER_URL", "EMAIL_URL"}
    assert set(re.findall(r'"(\w+)"', listed)) == {name for name in secret if re.fullmatch(r"[A-Z_]+", name)}


def test_the_signing_key_is_named_once_and_for_the_worker_that_signs() -> None:
    naming = [name for name, text in TEMPLATES.items() if re.search(r"secrets\.ledger|name: LEDGER|ledger\.key", text)]
    assert naming == ["workers.yaml"]
    text = TEMPLATES["workers.yaml"]
    assert '{{- $signs := eq $queue "publishing" }}' in text
    # Each place is within a condition, and no other condition begins in between.
    for place in re.finditer(r"secrets\.ledger|name: LEDGER|ledger\.key|name: ledger", text):
        assert re.findall(r"\{\{-? (?:if|else|end).*?\}\}", text[: place.start()])[-1] == "{{- if $signs }}"


def test_the_proxy_has_the_rules_of_the_sample() -> None:
    sample = SAMPLE.read_text(encoding="utf-8")
    for rule in (r"map \$uri \$logged \{(.*?)\n *\}", r"log_format undersigned (.+);"):
        (ours,), (theirs,) = (re.findall(rule, text, re.DOTALL if "map" in rule else 0) for text in (PROXY, sample))
        assert re.findall(r'^ *"~.+|^ *default.+', ours, re.MULTILINE) or ours == theirs
        assert [line.split() for line in rules(ours)] == [line.split() for line in rules(theirs)]
    for line in ("client_max_body_size 11m;", "proxy_request_buffering on;", "gzip_static on;", "expires max;"):
        assert line in PROXY
        assert line in sample


def rules(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def test_the_database_loses_nothing_that_was_acknowledged() -> None:
    cluster = yaml.safe_load((CHART.parent / "postgresql.yaml").read_text(encoding="utf-8"))["spec"]
    assert cluster["postgresql"]["synchronous"] == {"method": "any", "number": 1, "dataDurability": "required"}
    # One can be away, and people still sign.
    assert cluster["instances"] == 3
    assert cluster["affinity"]["podAntiAffinityType"] == "required"
    # A name in a failed statement would be in the log.
    assert cluster["postgresql"]["parameters"]["log_min_error_statement"] == "panic"
    assert (cluster["bootstrap"]["initdb"]["localeProvider"], cluster["bootstrap"]["initdb"]["builtinLocale"]) == (
        "builtin",
        "C.UTF-8",
    )


# What Helm renders


class RenderError(Exception):
    pass


@cache
def _render(values: str) -> list[Document]:
    if program := shutil.which("helm"):
        command = [program, "template", "undersigned", str(CHART), "--namespace", "letters", "--values", "-"]
        ran = subprocess.run(command, input=values, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RenderError(ran.stderr)
        return [found for found in yaml.safe_load_all(ran.stdout) if found]
    if not find_spec("helm_python"):
        pytest.skip("this machine has no Helm (pip install helm-python-sdk kubernetes-validate)")
    helm = importlib.import_module("helm_python")
    try:
        with helm.Chart.load(CHART) as chart:
            texts = chart.render(json.loads(values), name="undersigned", namespace="letters", is_install=True)
    except helm.HelmError as error:
        raise RenderError(error) from None
    files = [text for path, text in texts.items() if not path.endswith(".txt")]
    return [found for text in files for found in yaml.safe_load_all(text) if found]


def render(values: Document) -> list[Document]:
    return _render(json.dumps(values))


@pytest.fixture(params=[LEAST, MOST], ids=["least", "most"])
def rendered(request: pytest.FixtureRequest) -> list[Document]:
    return render(request.param)


def pods_of(documents: list[Document]) -> dict[str, Document]:
    """Return the pod of each process, with the labels that policies and services look for."""
    found = {}
    for each in documents:
        pod = each if each["kind"] == "Pod" else each.get("spec", {}).get("template")
        if pod:
            found[each["metadata"]["name"].removeprefix("undersigned-")] = pod
    return found


def containers_of(pod: Document) -> list[Document]:
    return [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]


def one(documents: list[Document], kind: str, name: str) -> Document:
    (found,) = [each for each in documents if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def test_kubernetes_knows_every_field(rendered: list[Document]) -> None:
    if not find_spec("kubernetes_validate"):
        pytest.skip("this machine has no schemas of Kubernetes (pip install kubernetes-validate)")
    schemas = importlib.import_module("kubernetes_validate")
    for document in rendered:
        for version in ("1.30", schemas.latest_version()):
            schemas.validate(document, version, strict=True)
    with pytest.raises(schemas.ValidationError):
        schemas.validate({**rendered[0], "sepc": {}}, "1.30", strict=True)


def test_every_process_runs_once_and_each_command_exists(rendered: list[Document]) -> None:
    pods = pods_of(rendered)
    workers = {f"worker-{queue}" for queue in QUEUES}
    assert set(pods) == {"web", "beat", "migrate", "static", "ready", *workers}
    started = [
        each["args"] for pod in pods.values() for each in containers_of(pod) if each["name"] not in {"proxy", "ready"}
    ]
    assert {arguments[0] for arguments in started} <= KNOWN
    served = sorted(arguments[arguments.index("--queues") + 1] for arguments in started if arguments[0] == "worker")
    assert served == QUEUES
    beat = one(rendered, "Deployment", "undersigned-beat")["spec"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})
    assert one(rendered, "StatefulSet", "undersigned-worker-publishing")["spec"]["replicas"] == 1


def test_only_the_worker_that_signs_gets_the_key_and_the_folder(rendered: list[Document]) -> None:
    for name, pod in pods_of(rendered).items():
        text = json.dumps(pod)
        has = [word in text for word in ("undersigned-ledger", "LEDGER_KEY", "LEDGER_DIR", "ledger.key")]
        assert has == [name == "worker-publishing"] * 4, name
        # A volume that takes a whole Secret would take what is added to it later.
        secrets = [volume["secret"] for volume in pod["spec"].get("volumes", []) if "secret" in volume]
        assert all(secret["items"] for secret in secrets)
        assert "ca.key" not in text


def test_no_pod_may_do_more_than_it_needs(rendered: list[Document]) -> None:
    user = int(re.findall(r"^USER (\d+)", DOCKERFILE, re.MULTILINE)[0])
    for pod in pods_of(rendered).values():
        spec = pod["spec"]
        assert (spec["automountServiceAccountToken"], spec["enableServiceLinks"]) == (False, False)
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == user
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC", "serviceAccountName"}
        for container in containers_of(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert container["resources"]["limits"].keys() == {"memory"}


def test_each_mount_has_a_volume_and_what_pods_share_is_what_the_docs_say(rendered: list[Document]) -> None:
    shares = set()
    for name, pod in pods_of(rendered).items():
        volumes = {volume["name"] for volume in pod["spec"].get("volumes", [])}
        volumes |= {"ledger"} if name == "worker-publishing" else set()
        for container in containers_of(pod):
            mounts = container.get("volumeMounts", [])
            assert {mount["name"] for mount in mounts} <= volumes
            folders = {mount["mountPath"] for mount in mounts if not mount.get("readOnly")}
            if container["name"] not in {"proxy", "ready"}:
                assert {"/var/lib/undersigned", "/tmp"} <= folders  # noqa: S108 -- in a container
            shares |= {name} if "/var/lib/undersigned/lists" in folders else set()
            writes_static = "/var/lib/undersigned-static" in folders
            assert writes_static == (name == "static")
    assert shares == {"web", "worker-exports"}


def test_migrations_come_first_and_a_rollback_leaves_the_tables(rendered: list[Document]) -> None:
    hooks = {
        each["metadata"]["name"].removeprefix("undersigned-"): each["metadata"]["annotations"]["helm.sh/hook"]
        for each in rendered
        if each["kind"] == "Job"
    }
    assert hooks == {"migrate": "pre-install,pre-upgrade", "static": "pre-install,pre-upgrade,pre-rollback"}
    web = one(rendered, "Deployment", "undersigned-web")["spec"]
    assert web["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    # Whatever the jobs need is there before them, or comes with a hook of its own.
    for name in ("migrate", "static"):
        volumes = pods_of(rendered)[name]["spec"]["volumes"]
        assert not [volume for volume in volumes if "configMap" in volume]


def test_probes_ask_whether_a_process_is_alive(rendered: list[Document]) -> None:
    """With /readyz, one silent worker would take every web server off the network."""
    web = pods_of(rendered)["web"]
    asked = [
        container[probe]["httpGet"]["path"]
        for container in containers_of(web)
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        if "httpGet" in container.get(probe, {})
    ]
    assert asked == ["/healthz"] * 3
    assert "/readyz" in json.dumps(pods_of(rendered)["ready"])


def test_readers_come_only_through_the_proxy(rendered: list[Document]) -> None:
    service = one(rendered, "Service", "undersigned")["spec"]
    (port,) = service["ports"]
    ports = {
        port["name"]: container["name"]
        for container in containers_of(pods_of(rendered)["web"])
        for port in container["ports"]
    }
    assert ports[port["targetPort"]] == "proxy"
    (path,) = one(rendered, "Ingress", "undersigned")["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"] == {"name": "undersigned", "port": {"name": port["name"]}}
    labels = pods_of(rendered)["web"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
    assert one(rendered, "Ingress", "undersigned")["spec"]["rules"][0]["host"] == "letters.example.org"


def test_policies_open_the_network_for_what_a_process_does(rendered: list[Document]) -> None:
    policies = [each["spec"] for each in rendered if each["kind"] == "NetworkPolicy"]
    reaches: dict[str, set[int]] = {}
    for name, pod in pods_of(rendered).items():
        found = [
            each for each in policies if each["podSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
        ]
        # One refuses everything; the others open something.
        assert [each for each in found if each.get("ingress") == [] and "Egress" in each["policyTypes"]], name
        assert any(each.get("ingress") for each in found) == (name == "web")
        reaches[name] = {port["port"] for each in found for rule in each.get("egress", []) for port in rule["ports"]}
    assert {name for name, ports in reaches.items() if 587 in ports} == {
        f"worker-{queue}" for queue in ("accounts", "bulk", "confirmations")
    }
    assert {name for name, ports in reaches.items() if 80 in ports} == {"worker-exports", "worker-webhooks"}
    # Where clouds give away the credentials of a node.
    internet = [
        to["ipBlock"]
        for each in policies
        for rule in each.get("egress", [])
        for to in rule.get("to", [])
        if "ipBlock" in to
    ]
    assert internet
    assert all("169.254.0.0/16" in block["except"] or block["cidr"] == "::/0" for block in internet)


def test_no_pods_are_added_by_themselves_at_first() -> None:
    assert not [each for each in render(LEAST) if each["kind"] == "HorizontalPodAutoscaler"]
    assert one(render(LEAST), "Deployment", "undersigned-web")["spec"]["replicas"] == 2
    assert "replicas" not in one(render(MOST), "Deployment", "undersigned-web")["spec"]
    budgets = {each["metadata"]["name"] for each in render(MOST) if each["kind"] == "PodDisruptionBudget"}
    # With one pod, a budget would keep a machine from being emptied.
    assert budgets == {"undersigned-web", "undersigned-worker-confirmations"}


def test_migrations_reach_the_database_itself() -> None:
    pods = pods_of(render(MOST))
    sources = {
        name: variable["valueFrom"]["secretKeyRef"]["name"]
        for name, pod in pods.items()
        for container in containers_of(pod)
        for variable in container.get("env", [])
        if variable["name"] == "DATABASE_URL"
    }
    assert sources.pop("migrate") == "letters-direct"
    assert set(sources.values()) == {"undersigned-db-app"}
    # Whoever stands between must not read signatures.
    assert {"name": "PGSSLMODE", "value": "verify-full"} in containers_of(pods["web"])[0]["env"]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({**LEAST, "host": ""}, "host is not set"),
        ({**LEAST, "image": {"repository": ""}}, "image.repository is not set"),
        ({**LEAST, "ingress": {"tlsSecret": ""}}, "ingress.tlsSecret is not set"),
        ({**LEAST, "settings": {"SECRET_KEY": "x"}}, "settings.SECRET_KEY is secret"),
        ({**LEAST, "settings": {"LEDGER_KEY_FILE": "/x"}}, "settings.LEDGER_KEY_FILE is set by the chart"),
    ],
    ids=["host", "image", "certificate", "secret", "ours"],
)
def test_wrong_values_are_refused_in_a_sentence(values: Document, said: str) -> None:
    with pytest.raises(RenderError, match=re.escape(said)):
        render(values)
