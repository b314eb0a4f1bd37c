"""Graphs of ONNX, and GGUF files by the writer of llama.cpp."""

from __future__ import annotations

import gguf
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from scripts.benign import Corpus

_ARCHITECTURES = "llama qwen2 gemma3 phi3 bert mamba mixtral starcoder2 falcon gpt2".split()
_TYPES = "F32 F16 BF16 Q4_0 Q5_1 Q8_0".split()
_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>\n{{ message['content'] }}{% endfor %}"
)
_NUMBERS = ("float32", "float64", "float16", "int8", "uint8", "int32", "int64", "bool")


def write(corpus: Corpus) -> None:
    """Write graphs and quantised models."""
    for name in _NUMBERS:
        model = _graph(np.ones((3, 4), name))
        corpus.add(f"onnx/{name}.onnx", lambda path, m=model: onnx.save(m, path), "onnx",
                   parameters=12)  # fmt: skip
    big = _graph(np.ones((64, 64), "float32"))
    corpus.add(
        "onnx/beside/model.onnx",
        lambda path: onnx.save(big, path, save_as_external_data=True, location="model.onnx_data",
                               size_threshold=0),
        "onnx",
    )  # fmt: skip
    for opset in (9, 13, 17, 21):
        model = _graph(np.ones((2, 2), "float32"), opset)
        corpus.add(f"onnx/opset{opset}.onnx", lambda path, m=model: onnx.save(m, path), "onnx")
    for architecture in _ARCHITECTURES:
        for kind in _TYPES:
            corpus.add(f"gguf/{architecture}.{kind}.gguf",
                       lambda path, a=architecture, k=kind: write_gguf(path, a, k), "gguf",
                       architecture=architecture, context_length=4096, parameters=2048 + 64,
                       license="apache-2.0", tensors=2)  # fmt: skip


def _graph(weights: np.ndarray, opset: int = 17) -> onnx.ModelProto:
    nodes = [
        helper.make_node("Identity", ["w"], ["copy"]),
        helper.make_node("Cast", ["copy"], ["y"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        nodes, "graph", [],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, list(weights.shape))],
        [numpy_helper.from_array(weights, "w")],
    )  # fmt: skip
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    made.metadata_props.add(key="licence", value="apache-2.0")
    return made


def write_gguf(path: str, architecture: str, kind: str) -> None:
    """Write a tiny model with one tensor of a quantised type and one of plain numbers."""
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"tiny {architecture}")
    writer.add_license("apache-2.0")
    writer.add_context_length(4096)
    writer.add_block_count(1)
    writer.add_embedding_length(64)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{n}" for n in range(32)])
    writer.add_chat_template(_TEMPLATE)
    quantised = getattr(gguf.GGMLQuantizationType, kind)
    values = np.random.default_rng(2).normal(size=(32, 64)).astype("float32")
    writer.add_tensor("token_embd.weight", gguf.quants.quantize(values, quantised),
                      raw_dtype=quantised)  # fmt: skip
    writer.add_tensor("output_norm.weight", np.ones(64, "float32"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
