"""A setting is safe only where it is seen to be; what could not be read is not known."""

import pytest

from auditor.derive import Derivation, settings
from auditor.evidence import SCHEMA, Evidence, Origin, Subject, Tool
from auditor.evidence.host import AiService, Variable
from auditor.evidence.site import Network, Site
from auditor.evidence.workload import KubernetesService, Workload

ORIGIN = Origin("test", "/proc/1/environ")
SITE = Site(
    networks=(Network(cidr="10.0.0.0/8"),),
    names=("corp.example",),
    mirrors=("hub.partner.example",),
)


def service(runtime="vllm", environment=(), arguments=(), world="host", workload="pid:1"):
    variables = (
        None
        if environment is None
        else tuple(Variable(name=name, value=value) for name, value in environment)
    )
    return AiService(
        origin=ORIGIN, runtime=runtime, title=runtime, role="model-server", subject=f"{runtime} (1)",
        workload=workload, source_world=world, image="", arguments=arguments,
        environment=variables, bind_address=None, port=None, api_key=None, tls=None,
        remote_code=None, confidence="high",
    )  # fmt: skip


def derived(*records, site=SITE, mode="host"):
    evidence = Evidence(
        schema=SCHEMA, tool=Tool(name="t", version="0"), mode=mode, subject=Subject(name="h"),
        taken_at="2026-01-01T00:00:00Z", site=site, records=records,
    )  # fmt: skip
    return {record.setting: record for record in settings.DERIVATION.derive(evidence)}


def state(setting, runtime="vllm", environment=(), arguments=(), **more):
    found = derived(service(runtime, environment, arguments), **more)
    return found[setting].state if setting in found else "absent"


def test_the_derivation_names_every_kind_that_it_reads():
    assert isinstance(settings.DERIVATION, Derivation)
    assert set(settings.DERIVATION.sources) == {AiService, KubernetesService, Workload}


def test_nothing_set_and_the_default_leaves():
    record = derived(service())["vllm-usage-stats"]
    assert (record.state, record.value, record.safe_value) == ("unset", "", "VLLM_NO_USAGE_STATS=1")
    assert record.effect == "telemetry"
    assert record.verified
    assert record.source_kind == "ai_service"


@pytest.mark.parametrize(
    "environment, expected",
    [
        ((("VLLM_NO_USAGE_STATS", "1"),), "safe"),
        ((("DO_NOT_TRACK", "1"),), "safe"),
        ((("VLLM_NO_USAGE_STATS", "0"), ("VLLM_DO_NOT_TRACK", "1")), "unsafe"),
        ((("VLLM_NO_USAGE_STATS", "true"),), "unsafe"),
        ((("VLLM_NO_USAGE_STATS", "0"),), "unsafe"),
        ((("VLLM_NO_USAGE_STATS", ""),), "unset"),
        ((("VLLM_NO_USAGE_STATS", None),), None),
        ((("VLLM_NO_USAGE_STATS", None), ("DO_NOT_TRACK", "1")), None),
        ((("VLLM_NO_USAGE_STATS", None), ("DO_NOT_TRACK", "0")), None),
        ((("vllm_no_usage_stats", "1"),), "unset"),
        (None, None),
    ],
)
def test_variables_are_compared_as_the_program_does(environment, expected):
    assert state("vllm-usage-stats", environment=environment) == expected


def test_a_blank_before_the_value_is_not_the_value():
    environment = (("HF_HUB_OFFLINE", " 1"), ("TRANSFORMERS_OFFLINE", "1"))
    assert state("hf-offline", environment=environment) == "unsafe"


def test_the_hub_variable_decides_where_both_are_set():
    environment = (("HF_HUB_OFFLINE", "0"), ("TRANSFORMERS_OFFLINE", "1"))
    assert state("hf-offline", environment=environment) == "unsafe"
    assert state("hf-offline", environment=environment[1:]) == "safe"


def test_mlflow_wants_the_word_true():
    assert state("mlflow-telemetry", "mlflow", (("DO_NOT_TRACK", "1"),)) == "unsafe"
    assert state("mlflow-telemetry", "mlflow", (("DO_NOT_TRACK", "true"),)) == "safe"


@pytest.mark.parametrize(
    "arguments, environment, expected",
    [
        (("text-generation-launcher", "--usage-stats", "off"), (), "safe"),
        (("text-generation-launcher", "--usage-stats=off"), (), "safe"),
        (("text-generation-launcher", "--usage_stats=off"), (), "safe"),
        (("text-generation-launcher", "--usage-stats", "on"), (("USAGE_STATS", "off"),), "unsafe"),
        (("text-generation-launcher", "--usage-stats", "off", "--usage-stats", "on"), (), "unsafe"),
        (("text-generation-launcher",), (("USAGE_STATS", "off"),), "safe"),
        (("text-generation-launcher",), (), "unset"),
        (None, (("USAGE_STATS", "off"),), None),
        (("text-generation-launcher", "--usage-stats", "off"), None, "safe"),
        (("text-generation-launcher",), None, None),
    ],
)
def test_a_flag_wins_over_a_variable_where_the_program_says_so(arguments, environment, expected):
    assert state("tgi-usage-stats", "tgi", environment, arguments) == expected


def test_a_flag_of_another_program_in_the_same_script_does_not_count():
    script = ("sh", "-c", "echo --disable-usage-stats; exec ray start --head")
    assert state("ray-usage-stats", "ray", (), script) == "unset"
    own = ("sh", "-c", "exec ray start --head --disable-usage-stats")
    assert state("ray-usage-stats", "ray", (), own) == "safe"


@pytest.mark.parametrize(
    "value, expected",
    [
        ("http://otel.corp.example:4317", "safe"), ("10.1.2.3:4317", "safe"),
        ("http://127.0.0.1:4317", "safe"), ("http://[::1]:4317", "safe"),
        ("https://otel.partner.example", "unsafe"), ("https://evilcorp.example", "unsafe"),
        ("http://8.8.8.8", "unsafe"), ("http://10.1.2.3@evil.example", "unsafe"),
        ("http://10.1.2.3,https://evil.example", "unsafe"), ("//evil.example/x", "unsafe"),
        (".evil.example", None), ("http://collector:4317", None), ("$(HOST):4317", None),
        ("http://evil.example\\@10.1.2.3", None), ("http://[", None), ("https://", None),
        ("***", None), ("http://***@10.1.2.3", "safe"), ("  ", "safe"), ("https:evil.example", None),
    ],
)  # fmt: skip
def test_addresses_are_judged_against_the_site(value, expected):
    environment = (("OTEL_EXPORTER_OTLP_ENDPOINT", value),)
    assert state("otel-endpoint", environment=environment) == expected


@pytest.mark.parametrize("value", ["/srv/runs", "./runs", "file:///srv/runs", "sqlite:///m.db"])
def test_local_paths_stay_here(value):
    assert state("mlflow-tracking", environment=(("MLFLOW_TRACKING_URI", value),)) == "safe"


@pytest.mark.parametrize("value", ["file://nas.evil.example/x", "sqlite://evil.example/x"])
def test_a_path_on_another_host_is_that_hosts(value):
    assert state("mlflow-tracking", environment=(("MLFLOW_TRACKING_URI", value),)) == "unsafe"


def test_one_safe_address_does_not_hide_another():
    environment = (
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://10.0.0.1"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://evil.example"),
    )
    assert state("otel-endpoint", environment=environment) == "unsafe"


def test_a_mirror_of_the_site_counts_for_what_is_fetched_alone():
    assert (
        state("hf-endpoint", environment=(("HF_ENDPOINT", "https://hub.partner.example"),))
        == "safe"
    )
    environment = (("OTEL_EXPORTER_OTLP_ENDPOINT", "https://hub.partner.example"),)
    assert state("otel-endpoint", environment=environment) == "unsafe"


def test_a_library_is_judged_where_there_is_a_trace_of_it():
    assert state("wandb-mode") == "absent"
    assert state("wandb-mode", environment=(("WANDB_PROJECT", "x"),)) == "unset"
    assert state("wandb-mode", environment=(("WANDB_MODE", "online"),)) == "unsafe"
    assert state("wandb-mode", environment=(("WANDB_MODE", "Offline"),)) == "safe"
    assert state("langflow-telemetry", environment=(("DO_NOT_TRACK", "1"),)) == "absent"


def test_a_library_that_left_no_trace_is_no_record_where_a_gap_tells_it_already():
    assert state("wandb-mode", environment=None) == "absent"
    assert state("otel-endpoint", arguments=None) == "absent"


def test_a_secret_is_there_though_its_value_is_not_kept():
    record = derived(service("nim", (("NGC_API_KEY", ""),)))["ngc-key"]
    assert record.state == "unsafe"
    assert record.value == "NGC_API_KEY (a secret)"
    assert state("ngc-key", "nim") == "safe"


def test_a_list_of_origins_is_safe_without_a_star():
    assert state("ollama-origins", "ollama", (("OLLAMA_ORIGINS", "http://a,*"),)) == "unsafe"
    assert state("ollama-origins", "ollama", (("OLLAMA_ORIGINS", "http://a"),)) == "safe"
    assert state("ollama-origins", "ollama") == "safe"


def test_a_share_flag_is_unsafe_unless_denied():
    assert state("gradio-share", "gradio", (), ("app.py", "--share")) == "unsafe"
    assert state("gradio-share", "gradio", (), ("app.py", "--share=false")) == "safe"
    assert state("gradio-share", "gradio", (), ("app.py",)) == "safe"
    assert state("gradio-share", "gradio", (("GRADIO_SHARE", "True"),), ("app.py",)) == "unsafe"


def test_go_takes_anything_but_false_for_true():
    for value, expected in (("1", "safe"), ("x", "safe"), ("False", "unsafe"), ("", "unset")):
        assert state("ollama-cloud", "ollama", (("OLLAMA_NO_CLOUD", value),)) == expected


def test_a_service_of_the_same_manifests_is_inside():
    kubernetes_service = KubernetesService(
        origin=ORIGIN, namespace="ai", name="otel", service_type="ClusterIP", external_name="",
        external_ips=(), source_ranges=(),
    )  # fmt: skip
    model_server = service(
        environment=(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4317"),),
        world="manifest", workload="ai/Deployment/llm",
    )  # fmt: skip
    found = derived(model_server, kubernetes_service, mode="manifests")
    assert found["otel-endpoint"].state == "safe"
    assert derived(model_server, mode="manifests")["otel-endpoint"].state is None
