"""Secrets leave command lines and text; evidence stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.redaction import (
    REDACTED,
    is_secret_name,
    redact_arguments,
    redact_text,
    redact_url,
    redact_value,
)

SECRET = "hunter2hunter2"
RANDOM = "q7Rk2LwZ9vXb4TnY8sDf1GhJ"


@pytest.mark.parametrize(
    "command",
    [
        ["mysqld", f"-p{SECRET}"],
        ["mysql", "-uroot", f"-p{SECRET}"],
        ["/usr/bin/mysqldump", f"--password={SECRET}"],
        ["vllm", "serve", "m", "--api-key", SECRET],
        ["vllm", "serve", "m", f"--api-key={SECRET}"],
        ["lmdeploy", "serve", "--api-keys", "first1", SECRET],
        ["x", f"--api_key={SECRET}"],
        ["curl", "-H", f"Authorization: Bearer {SECRET}", "http://a.example"],
        ["curl", f"-HX-Api-Key: {SECRET}"],
        ["curl", "-u", f"user:{SECRET}", "http://a.example"],
        ["curl", f"-uuser:{SECRET}", "http://a.example"],
        ["sshpass", "-p", SECRET, "ssh", "-p", "22", "host"],
        ["sshpass", f"-p{SECRET}", "ssh", "host"],
        ["redis-cli", "-a", SECRET],
        ["psql", f"postgres://u:{SECRET}@h/db"],
        ["psql", f"postgres://u:p/{SECRET}@h/db"],
        ["x", f"https://a.example/?sig={SECRET}"],
        ["env", f"HF_TOKEN={SECRET}", "vllm"],
        ["docker", "run", "-e", f"MYSQL_PWD={SECRET}", "img"],
        ["docker", "run", f"--env=DB_PASSWORD={SECRET}", "img"],
        ["java", f"-Ddb.password={SECRET}", "-jar", "a.jar"],
        ["sh", "-c", f"mysql -p{SECRET} -e 'select 1'"],
        ["sh", "-c", f"exec tool --token {SECRET} --port 80"],
        ["sh", "-c", f"tool --password '{SECRET}'"],
        ["x", '{"api_key": "' + SECRET + '"}'],
        ["gradio", "--auth", f"admin:{SECRET}"],
        ["x", f"hf_{RANDOM}"],
        ["x", f"sk-{RANDOM}"],
        ["x", "AKIA" + "ABCDEFGH12345678"],
        ["x", f"ghp_{RANDOM}"],
        ["x", f"eyJhbGciOiJIUzI1.eyJzdWIiOiIx.{RANDOM}"],
        ["x", RANDOM],
        ["x", f"--opaque={RANDOM}"],
        ["x", "0123456789abcdef0123456789abcdef"],
        ["x", f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----"],
        ["x", f"-----BEGIN PRIVATE KEY-----\n{SECRET}"],
    ],
)
def test_a_secret_does_not_survive(command):
    shown = " ".join(redact_arguments(command))
    for secret in (SECRET, RANDOM, "ABCDEFGH12345678", "0123456789abcdef0123456789abcdef"):
        assert secret not in shown
    assert len(redact_arguments(command)) == len(command)


@pytest.mark.parametrize(
    "command",
    [
        ["vllm", "serve", "Qwen/Qwen2.5-72B-Instruct-GPTQ-Int4", "--max-tokens", "512"],
        ["x", "--tokenizer", "/m/tok", "--max-num-batched-tokens", "8192"],
        ["x", "--tokenizer=/m/tok", "--ssl-keyfile", "/etc/tls/key.pem"],
        ["x", "--api-key-file", "/run/secrets/key", "--port", "8000"],
        ["env", "TOKENIZERS_PARALLELISM=false", "x"],
        ["ssh", "-p", "22", "host"],
        ["docker", "run", "-p", "8000:8000", "vllm/vllm-openai:v0.6.0"],
        ["x", "registry.corp.example/ai/vllm@sha256:" + "ab12" * 16],
        ["x", "/var/lib/docker/overlay2/" + "ab12" * 16 + "/merged"],
        ["x", "http://models.corp.example:8080/v1/models"],
        ["x", "--dtype", "bfloat16", "--gpu-memory-utilization", "0.92"],
        ["x", "/models/Meta-Llama-3.1-405B-Instruct-FP8/snapshots"],
        ["sh", "-c", "exec vllm serve /m --host 127.0.0.1  --port 8000"],
        ["x", "--eos_token_id", "2", "--pad-token", "0"],
        ["x", ""],
    ],
)
def test_evidence_is_not_destroyed(command):
    assert list(redact_arguments(command)) == command


def test_a_flag_after_an_empty_key_is_kept():
    assert redact_arguments(["x", "--api-key", "--port", "80"]) == (
        "x",
        "--api-key",
        "--port",
        "80",
    )


def test_an_empty_secret_stays_visibly_empty():
    assert redact_arguments(["jupyter", "--NotebookApp.token="]) == (
        "jupyter",
        "--NotebookApp.token=",
    )


@pytest.mark.parametrize(
    "name",
    ["HF_TOKEN", "api-key", "--api-key", "apiKey", "awsSecretAccessKey", "AWS_ACCESS_KEY_ID",
     "DB_PASSWORD", "PGPASSWORD", "MYSQL_PWD", "POSTGRES_PASSWORD", "OPENAI_API_KEY", "WANDB_API_KEY",
     "token", "auth_token", "LITELLM_MASTER_KEY", "client_secret", "Authorization", "API_KEYS",
     "HUGGING_FACE_HUB_TOKEN", "SECRET_KEY", "DATABASE_DSN", "PASSWORD2"],
)  # fmt: skip
def test_names_of_credentials(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["--max-tokens", "tokenizer", "TOKENIZERS_PARALLELISM", "PASSWORD_FILE", "PWD", "OLDPWD",
     "ssl-keyfile", "HF_HOME", "PATH", "KEYBOARD", "max_new_tokens", "eos_token_id", "token-limit",
     "SECRET_NAME", "SSL_CERT_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "monkey", "key", "", "1"],
)  # fmt: skip
def test_names_that_are_evidence(name):
    assert not is_secret_name(name)


def test_urls_lose_user_query_and_fragment_alone():
    assert redact_url("https://u:p@h.example:8443/a/b?x=1#f") == "https://h.example:8443/a/b"
    assert redact_url("https://h.example?token=1") == "https://h.example"
    assert redact_url("http://[2001:db8::1]:80/a") == "http://[2001:db8::1]:80/a"
    assert redact_url("https://h.example/pkg@1.0") == "https://h.example/pkg@1.0"
    assert redact_url("/a/b?c") == "/a/b?c"


def test_a_secret_variable_keeps_no_value():
    assert redact_value("HF_TOKEN", "x") == ""
    assert redact_value("HF_ENDPOINT", "http://u:p@mirror.corp.example") == (
        "http://mirror.corp.example"
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text(max_size=60), max_size=12))
def test_any_command_line_is_redacted_argument_by_argument(arguments):
    assert len(redact_arguments(arguments)) == len(arguments)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["--api-key", "--password", "--hf-token"]))
def test_a_flagged_secret_never_stays(secret, flag):
    safe = redact_arguments(["x", f"{flag}={secret}", "--port", "1"])
    assert safe[1] in (f"{flag}={REDACTED}", f"{flag}=")


def test_long_hostile_text_takes_linear_time():
    for text in ("a" * 60_000, "a=" * 30_000, "-----BEGIN " * 6_000, ":" * 60_000, "a://" * 15_000):
        redact_text(text)
        redact_arguments([text, text + " b"])


def test_where_a_secret_address_leads_is_kept_in_text():
    text = redact_text("export SENTRY_DSN=https://0123@errors.vendor.example/42\nDB_PASSWORD=x1y2")
    assert "SENTRY_DSN=https://errors.vendor.example\n" in text
    assert "0123" not in text
    assert "/42" not in text
    assert "x1y2" not in text
