"""The catalogue of settings is whole and refers to runtimes that there are."""

import pytest

from auditor.catalogues import runtimes
from auditor.catalogues.settings import (
    EVERY_RUNTIME,
    known_variable,
    own_flags,
    own_variables,
    settings,
    settings_of,
)

BY_ID = {setting.id: setting for setting in settings()}


def test_the_catalogue_is_whole():
    assert len(settings()) >= 60
    assert len(BY_ID) == len(settings())
    for setting in settings():
        assert setting.switches
        assert setting.safe
        assert setting.leaves
        assert setting.source
        for switch in setting.switches:
            assert bool(switch.variable) != bool(switch.flag), setting.id
            needs_values = switch.compare in ("exact", "any-case", "not", "no-item")
            assert bool(switch.values) == needs_values, setting.id
            if switch.compare != "exact":
                assert all(value == value.lower() for value in switch.values), setting.id


def test_every_runtime_is_one_that_can_be_recognised():
    known = {runtime.key for runtime in runtimes.runtimes()} | {EVERY_RUNTIME}
    named = {runtime for setting in settings() for runtime in setting.runtimes}
    assert named <= known


def test_a_setting_of_every_runtime_has_a_trace_to_be_found_by():
    for setting in settings():
        if EVERY_RUNTIME in setting.runtimes:
            assert own_variables(setting) or own_flags(setting), setting.id


def test_what_is_unverified_says_so():
    for setting in settings():
        if setting.source == "general knowledge":
            assert setting.verified == "no", setting.id


@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "HF_TOKEN", "HTTPS_PROXY", "https_proxy"])
def test_variables_are_known(name):
    assert known_variable(name)


@pytest.mark.parametrize("name", ["", "PATH", "hf_hub_offline", "HF_HUB_OFFLINE_2", "--share"])
def test_other_variables_are_not_known(name):
    assert not known_variable(name)


def test_a_variable_that_several_settings_share_is_no_trace_of_any():
    assert "DO_NOT_TRACK" not in own_variables(BY_ID["langflow-telemetry"])
    assert "LANGFLOW_DO_NOT_TRACK" in own_variables(BY_ID["langflow-telemetry"])
    assert own_flags(BY_ID["gradio-share"]) == {"--share"}


def test_settings_of_a_runtime_include_those_of_every_runtime():
    found = {setting.id for setting in settings_of("vllm")}
    assert {"vllm-usage-stats", "hf-offline", "sentry-dsn"} <= found
    assert "ollama-cloud" not in found
