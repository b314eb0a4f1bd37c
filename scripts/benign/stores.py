"""Stores as their tools lay them out: a cache of the hub's own client, and Ollama's folders."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from huggingface_hub import hf_hub_download
from safetensors.numpy import save as safetensors

from scripts.benign import Corpus
from scripts.benign.graphs import write_gguf

REPOSITORY = "plant/tiny-llama"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
_HUB = "stores/hub"
_OLLAMA = "stores/ollama/models"
_MEDIA = "application/vnd.ollama.image"


def write(corpus: Corpus) -> None:
    """Write both stores."""
    _hub(corpus)
    _ollama(corpus)


def _hub(corpus: Corpus) -> None:
    """Have the hub's client fetch a repository from this process, over loopback."""
    weights = safetensors({"embed.weight": np.ones((8, 4), "float32")}, {"format": "pt"})
    files = {
        "model.safetensors": weights,
        "config.json": json.dumps({
            "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 4,
            "max_position_embeddings": 2048,
        }).encode(),
        "README.md": b"---\nlicense: apache-2.0\n---\n# Tiny\n",
    }  # fmt: skip
    with _serving(files) as endpoint:
        for name in files:
            hf_hub_download(
                REPOSITORY, name, cache_dir=corpus.folder / _HUB, endpoint=endpoint, token=False
            )
    snapshot = f"{_HUB}/models--{REPOSITORY.replace('/', '--')}/snapshots/{COMMIT}"
    corpus.expect(f"{snapshot}/model.safetensors", "safetensors", parameters=32, tensors=1)


@contextmanager
def _serving(files: dict[str, bytes]) -> Iterator[str]:
    """Answer as the hub does for one commit of one repository."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            data = files.get(self.path.rpartition("/")[2])
            if data is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{_etag(self.path, data)}"')
            self.end_headers()
            if with_body:
                self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _etag(path: str, data: bytes) -> str:
    """Return what the hub names a blob by: SHA-256 of large files, git's SHA-1 of small ones."""
    if path.endswith(".safetensors"):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _ollama(corpus: Corpus) -> None:
    """Lay a model out as Ollama's server does: a manifest that names blobs by their digests."""
    blobs = corpus.folder / _OLLAMA / "blobs"
    blobs.mkdir(parents=True)
    made = corpus.folder / "stores/tiny.gguf"
    write_gguf(str(made), "llama", "Q8_0")
    corpus.expect("stores/tiny.gguf", "gguf", architecture="llama")
    layers = [
        _blob(blobs, made.read_bytes(), f"{_MEDIA}.model"),
        _blob(blobs, b"{{ .Prompt }}", f"{_MEDIA}.template"),
        _blob(blobs, b"Apache License 2.0", f"{_MEDIA}.license"),
        _blob(blobs, b'{"temperature":0.1}', f"{_MEDIA}.params"),
    ]
    settings = {"model_format": "gguf", "model_family": "llama", "file_type": "Q8_0"}
    docker = "application/vnd.docker"
    manifest = {
        "schemaVersion": 2, "mediaType": f"{docker}.distribution.manifest.v2+json",
        "config": _blob(blobs, json.dumps(settings).encode(), f"{docker}.container.image.v1+json"),
        "layers": layers,
    }  # fmt: skip
    path = corpus.folder / _OLLAMA / "manifests/registry.ollama.ai/library/tiny/latest"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(manifest))
    digest = str(layers[0]["digest"]).replace(":", "-")
    corpus.expect(f"{_OLLAMA}/blobs/{digest}", "gguf", architecture="llama", context_length=4096)


def _blob(folder: Path, data: bytes, media: str) -> dict[str, object]:
    digest = hashlib.sha256(data).hexdigest()
    (folder / f"sha256-{digest}").write_bytes(data)
    return {"mediaType": media, "digest": f"sha256:{digest}", "size": len(data)}
