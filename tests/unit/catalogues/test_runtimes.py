"""AI runtimes are told by whole names, and nothing that could not be read becomes a default."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.catalogues.runtimes import (
    by_key,
    model_reference,
    recognise,
    repository_parts,
    runtimes,
    service_facts,
    split_address,
)


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["vllm", "serve", "m"], "vllm"),
        (["/opt/venv/bin/python3.11", "/opt/venv/bin/vllm", "serve", "m"], "vllm"),
        (["python3", "-u", "-m", "vllm.entrypoints.openai.api_server", "--model", "m"], "vllm"),
        (["python", "-X", "dev", "-mvllm.entrypoints.openai.api_server"], "vllm"),
        (["sh", "-c", "cd /x && HF_HUB_OFFLINE=1 exec vllm serve m"], "vllm"),
        (["bash", "-lc", "ulimit -n 9; python3 -m sglang.launch_server"], "sglang"),
        (["tini", "--", "env", "A=b", "numactl", "-N", "0", "vllm", "serve", "m"], "vllm"),
        (["/usr/bin/ollama", "serve"], "ollama"),
        (["text-generation-launcher", "--model-id", "m"], "tgi"),
        (["tritonserver", "--model-repository=/m"], "triton"),
        (["trtllm-serve", "m"], "tensorrt-llm"),
        (["lmdeploy", "serve", "api_server", "m"], "lmdeploy"),
        (["mindieservice_daemon"], "mindie"),
        (["/app/llama-server", "-m", "/m.gguf"], "llama-cpp"),
        (["python3", "-m", "llama_cpp.server"], "llama-cpp"),
        (["python", "/srv/ComfyUI/main.py", "--listen"], "comfyui"),
        (["uvicorn", "open_webui.main:app", "--host", "0.0.0.0"], "open-webui"),
        (["python", "-m", "uvicorn", "chromadb.app:app"], "chroma"),
        (["/usr/bin/python3", "/usr/bin/jupyter-lab", "--ip=0.0.0.0"], "jupyter"),
        (["jupyter", "lab"], "jupyter"),
        (["/ray/raylet", "--x"], "ray"),
        (["ray", "start", "--head"], "ray"),
        (["java", "-cp", "x", "org.pytorch.serve.ModelServer"], "torchserve"),
        (["torchrun", "train.py"], "torchrun"),
        (["python", "-m", "torch.distributed.run", "t.py"], "torchrun"),
        (["mlflow", "server"], "mlflow"),
        (["./qdrant"], "qdrant"),
    ],
)
def test_servers_are_recognised_by_program(arguments, key):
    recognition = recognise(arguments)
    assert recognition is not None
    assert recognition.runtime.key == key
    assert recognition.confidence == "high"


@pytest.mark.parametrize(
    "arguments",
    [
        ["grep", "vllm"],
        ["/home/vllm-notes/cat", "serve"],
        ["vim", "/opt/vllm/serve.py"],
        ["python3", "/home/vllm/app.py"],
        ["python3", "-c", "import vllm; vllm.serve()"],
        ["vllm", "bench"],
        ["ollama", "list"],
        ["ollama-exporter", "serve"],
        ["vllm-router", "serve"],
        ["tail", "-f", "/var/log/ollama", "serve"],
        ["sh", "-c", "echo vllm serve"],
        ["python3", "-m", "vllm_notes"],
        ["java", "-cp", "org.pytorch.serve.ModelServer.jar", "x.Main"],
        ["jupyter", "nbconvert"],
        ["pip", "install", "vllm"],
        [],
        [""],
    ],
)
def test_a_name_in_passing_is_no_server(arguments):
    assert recognise(arguments) is None


def test_on_a_host_a_shell_is_not_its_child():
    assert recognise(["sh", "-c", "vllm serve m"], unwrap=False) is None


def test_the_file_that_runs_tells_where_the_title_was_overwritten():
    assert recognise(["my server"], executable="/usr/bin/tritonserver").runtime.key == "triton"


@pytest.mark.parametrize(
    ("image", "key", "confidence"),
    [
        ("vllm/vllm-openai:v0.6.0", "vllm", "medium"),
        ("registry.corp.example:5000/mirror/vllm/vllm-openai@sha256:" + "0" * 64, "vllm", "medium"),
        ("registry.corp.example/ai/vllm:1", "vllm", "low"),
        ("ollama/ollama", "ollama", "medium"),
        ("nvcr.example/nim/meta/llama3-8b-instruct:1.0", "nim", "medium"),
        ("nvcr.example/nvidia/tritonserver:24.01-py3", "triton", "medium"),
        ("kserve/storage-initializer", "kserve-storage-initializer", "medium"),
    ],
)
def test_images_are_recognised_by_their_last_components(image, key, confidence):
    recognition = recognise([], image)
    assert (recognition.runtime.key, recognition.confidence) == (key, confidence)


@pytest.mark.parametrize(
    "image", ["corp/vllm-notes", "vllm.example/app", "corp/my-ollama", "busybox", "", ":", "@"]
)
def test_like_sounding_images_are_not(image):
    assert recognise([], image) is None


def test_the_command_outranks_the_image():
    assert recognise(["ray", "start"], "vllm/vllm-openai").runtime.key == "ray"


def test_variables_alone_are_a_weak_sign():
    recognition = recognise(["python3", "app.py"], environment_names=["GRADIO_SHARE"])
    assert (recognition.runtime.key, recognition.confidence) == ("gradio", "low")


def facts(command, environment=None, **options):
    recognition = recognise(command.split(), **options)
    return service_facts(recognition.runtime, recognition.arguments, environment)


def test_vllm_listens_everywhere_without_key_by_default():
    said = facts("vllm serve Qwen/Qwen2.5-7B", {})
    assert (said.bind_address, said.port, said.api_key, said.tls) == ("0.0.0.0", 8000, False, False)
    assert said.remote_code is False
    assert [(m.reference, m.scheme) for m in said.models] == [("Qwen/Qwen2.5-7B", "hub-id")]


def test_flags_in_every_spelling():
    said = facts(
        "vllm serve /m --host=127.0.0.1 --port 9 --api_key k --ssl-keyfile /k --trust_remote_code",
        {},
    )
    assert (said.bind_address, said.port) == ("127.0.0.1", 9)
    assert (said.api_key, said.tls, said.remote_code) == (True, True, True)
    assert said.models[0].scheme == "path"


def test_an_abbreviated_flag_still_counts():
    assert facts("vllm serve /m --trust-remote", {}).remote_code is True


def test_an_empty_key_is_no_key():
    assert facts("vllm serve /m --api-key=", {}).api_key is False
    assert facts("jupyter-lab --ServerApp.token=''", {}).api_key is False
    assert facts("jupyter-lab", {}).api_key is True


def test_unreadable_environment_leaves_unknown_what_it_could_have_set():
    assert facts("vllm serve /m", None).api_key is None
    assert facts("vllm serve /m --api-key k", None).api_key is True
    assert facts("ollama serve", None).bind_address is None
    assert facts("vllm serve /m", {"VLLM_API_KEY": None}).api_key is None


def test_unreadable_arguments_leave_unknown_what_they_could_have_set():
    said = service_facts(by_key("vllm"), None, {})
    assert (said.bind_address, said.port, said.api_key) == (None, None, None)
    assert (said.tls, said.remote_code) == (None, None)


def test_a_configuration_file_may_set_what_no_flag_sets():
    said = facts("vllm serve /m --config /c.yaml --port 9", {})
    assert (said.api_key, said.bind_address, said.port) == (None, None, 9)


@pytest.mark.parametrize(
    ("value", "address", "port"),
    [
        ("0.0.0.0", "0.0.0.0", 11434),
        ("0.0.0.0:8080", "0.0.0.0", 8080),
        (":8080", "0.0.0.0", 8080),
        ("http://10.1.2.3:99", "10.1.2.3", 99),
        ("[::]:80", "::", 80),
        ("::", "::", 11434),
        ("localhost", "127.0.0.1", 11434),
        ("host:notaport", "host", 11434),
    ],
)
def test_an_address_variable_may_carry_the_port(value, address, port):
    said = facts("ollama serve", {"OLLAMA_HOST": value})
    assert (said.bind_address, said.port) == (address, port)


def test_a_flag_without_value_may_open_it():
    assert facts("python /ComfyUI/main.py --listen", {}).bind_address == "0.0.0.0"
    assert facts("python /ComfyUI/main.py", {}).bind_address == "127.0.0.1"
    said = facts("python /text-generation-webui/server.py --listen", {})
    assert (said.bind_address, said.port) == ("0.0.0.0", 7860)


def test_anonymous_access_undoes_a_key():
    on = {"AUTHENTICATION_APIKEY_ENABLED": "true"}
    assert facts("weaviate", on).api_key is True
    both = {**on, "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true"}
    assert facts("weaviate", both).api_key is False


def test_an_authentication_that_is_switched_off():
    assert facts("open-webui serve", {"WEBUI_AUTH": "False"}).api_key is False
    assert facts("ray start --head", {}).api_key is False
    assert facts("ray start --head", {"RAY_AUTH_MODE": "token"}).api_key is True


@pytest.mark.parametrize(
    ("text", "scheme", "host"),
    [
        ("Qwen/Qwen2.5-7B", "hub-id", ""),
        ("llama3:8b", "hub-id", ""),
        ("/models/x", "path", ""),
        ("./x", "path", ""),
        ("https://u:p@h.example:8443/m?sig=1", "uri", "h.example"),
        ("s3://bucket/m", "uri", ""),
        ("pvc://claim/m", "volume", ""),
        ("hf://org/m", "hub-id", ""),
        ("file:///m", "path", ""),
        ("$(MODEL)", "unknown", ""),
        ("a b", "unknown", ""),
    ],
)
def test_model_references_by_their_form(text, scheme, host):
    reference = model_reference(text)
    assert (reference.scheme, reference.host) == (scheme, host)
    assert "u:p" not in reference.reference
    assert "sig" not in reference.reference


def test_models_of_flags_variables_and_places():
    told = facts("vllm serve --model a/b --tokenizer c/d", {}).models
    assert {m.reference for m in told} == {"a/b", "c/d"}
    assert facts("text-generation-launcher", {"MODEL_ID": "a/b"}).models[0].reference == "a/b"
    by_image = recognise(["a/b", "--port", "1"], "vllm/vllm-openai")
    assert service_facts(by_image.runtime, by_image.arguments, {}).models[0].reference == "a/b"
    initializer = recognise(["s3://bucket/m", "/mnt/models"], "kserve/storage-initializer")
    said = service_facts(initializer.runtime, initializer.arguments, {})
    assert [m.reference for m in said.models] == ["s3://bucket/m"]


def test_the_catalogue_is_whole():
    keys = [runtime.key for runtime in runtimes()]
    assert len(keys) == len(set(keys)) >= 45
    for runtime in runtimes():
        assert (
            runtime.executables
            or runtime.modules
            or runtime.scripts
            or runtime.images
            or runtime.classes
            or runtime.libraries
        )
        assert runtime.verified == "no" or runtime.source, runtime.key


def test_repositories():
    assert repository_parts("localhost/a/b:1") == ("a", "b")
    assert repository_parts("h.example:5000/a:1@sha256:0") == ("a",)
    assert split_address("*") == ("0.0.0.0", None)


words = st.text(max_size=20) | st.sampled_from(
    ["sh", "-c", "env", "python3", "-m", "vllm", "serve", "--", "java", "'", '"', "$(", "sudo"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(words, max_size=12), st.text(max_size=30))
def test_any_command_line_is_read_without_error(arguments, image):
    for unwrap in (True, False):
        recognition = recognise(arguments, image, arguments, image, unwrap=unwrap)
        if recognition is not None:
            service_facts(recognition.runtime, recognition.arguments, {})
            service_facts(recognition.runtime, recognition.arguments, None)


def test_nested_wrappers_end_in_time():
    assert recognise(["env"] * 5000) is None
    assert recognise(["sh", "-c", "sh -c " * 5000]) is None
    assert recognise(["sh", "-c", "env " * 20_000]) is None


@pytest.mark.parametrize(
    ("command", "environment", "cors"),
    [
        ("vllm serve /m", {}, "any"),
        ("""vllm serve /m --allowed-origins ["https://chat.corp.example"]""", {}, "limited"),
        ("""vllm serve /m --allowed-origins ["*"]""", {}, "any"),
        ("vllm serve /m --config /c.yaml", {}, None),
        ("ollama serve", {}, "limited"),
        ("ollama serve", {"OLLAMA_ORIGINS": "*"}, "any"),
        ("ollama serve", {"OLLAMA_ORIGINS": "https://chat.corp.example"}, "limited"),
        ("ollama serve", {"OLLAMA_ORIGINS": None}, None),
        ("ollama serve", None, None),
        ("streamlit run app.py", {}, "limited"),
        ("streamlit run app.py --server.enableCORS=false", {}, "any"),
        ("streamlit run app.py", {"STREAMLIT_SERVER_ENABLE_CORS": "true"}, "limited"),
        ("python3 ComfyUI/main.py --enable-cors-header", {}, "any"),
        ("./qdrant", {"QDRANT__SERVICE__ENABLE_CORS": "false"}, "limited"),
        ("tritonserver", {}, "untold"),
    ],
)
def test_whose_web_pages_may_call_a_service(command, environment, cors):
    assert facts(command, environment).cors == cors


@pytest.mark.parametrize(
    ("command", "environment", "tunnel"),
    [
        ("python3 stable-diffusion-webui/launch.py --share", {}, "--share"),
        ("python3 stable-diffusion-webui/launch.py --ngrok token", {}, "--ngrok"),
        ("python3 stable-diffusion-webui/launch.py", {}, ""),
        ("gradio app.py", {"GRADIO_SHARE": "True"}, "GRADIO_SHARE"),
        ("gradio app.py", {"GRADIO_SHARE": "false"}, ""),
        ("gradio app.py", None, None),
        ("vllm serve /m", None, ""),
    ],
)
def test_a_switch_that_opens_a_tunnel(command, environment, tunnel):
    assert facts(command, environment).tunnel == tunnel
