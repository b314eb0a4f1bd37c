"""What transformers and PEFT save: tiny models, tokenizers, training arguments, adapters."""

from __future__ import annotations

import pickle
from pathlib import Path

import tokenizers
import torch
import transformers
from peft import AdaLoraConfig, IA3Config, LoraConfig, get_peft_model
from tokenizers import models, pre_tokenizers, trainers

from scripts.benign import Corpus

_SMALL = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
    "vocab_size": 64, "num_key_value_heads": 2, "max_position_embeddings": 32,
}  # fmt: skip
_CAUSAL = ("Llama", "Qwen2", "Mistral", "Phi", "OPT", "GPTNeoX")
_BASE = ("Bert", "Roberta", "DistilBert", "Electra", "ViT")
_TEMPLATE = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}"


def write(corpus: Corpus) -> None:
    """Write models, adapters, tokenizers and what training leaves behind."""
    for name in _CAUSAL:
        _model(corpus, name, f"{name}ForCausalLM")
    for name in _BASE:
        _model(corpus, name, f"{name}Model")
    _adapters(corpus)
    _tokenizer(corpus)
    arguments = transformers.TrainingArguments("out", use_cpu=True, report_to=[])
    corpus.add("hub/training_args.bin", lambda path: torch.save(arguments, path), "pytorch",
               "framework")  # fmt: skip
    corpus.add("hub/training_args.pkl",
               lambda path: Path(path).write_bytes(pickle.dumps(arguments)), "pickle",
               "framework")  # fmt: skip


def _model(corpus: Corpus, name: str, kind: str) -> None:
    configuration = getattr(transformers, f"{name}Config")(**_SMALL)
    model = getattr(transformers, kind)(configuration)
    folder = corpus.folder / "hub" / name
    model.save_pretrained(folder)
    corpus.expect(f"hub/{name}/model.safetensors", "safetensors")
    state = model.state_dict()
    # Weights that are tied lie in the file once.
    own = {tensor.data_ptr(): tensor.numel() for tensor in state.values()}
    corpus.add(f"hub/{name}/pytorch_model.bin", lambda path: torch.save(state, path), "pytorch",
               parameters=sum(own.values()))  # fmt: skip


def _adapters(corpus: Corpus) -> None:
    settings = {
        "lora": LoraConfig(r=4, target_modules=["q_proj"]),
        "dora": LoraConfig(r=4, target_modules=["q_proj"], use_dora=True),
        "adalora": AdaLoraConfig(target_modules=["q_proj"], total_step=10),
        "ia3": IA3Config(target_modules=["q_proj"], feedforward_modules=[]),
    }
    for name, setting in settings.items():
        base = transformers.LlamaForCausalLM(transformers.LlamaConfig(**_SMALL))
        adapter = get_peft_model(base, setting)
        for safe in (True, False):
            folder = corpus.folder / "hub" / f"{name}_{'safe' if safe else 'bin'}"
            adapter.save_pretrained(folder, safe_serialization=safe)
            file = "adapter_model.safetensors" if safe else "adapter_model.bin"
            where = f"hub/{folder.name}/{file}"
            if (folder / file).exists():
                corpus.expect(where, "safetensors" if safe else "pytorch")
            else:
                corpus.left_out[where] = "PEFT writes no such file any more"
        corpus.add(f"hub/{name}_config.pkl",
                   lambda path, s=setting: Path(path).write_bytes(pickle.dumps(s)), "pickle",
                   "framework")  # fmt: skip


def _tokenizer(corpus: Corpus) -> None:
    trained = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))  # noqa: S106 - a token of text
    trained.pre_tokenizer = pre_tokenizers.Whitespace()
    trained.train_from_iterator(
        ["pressure alarm on line four"] * 3, trainers.BpeTrainer(special_tokens=["<unk>"])
    )
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=trained)
    fast.chat_template = _TEMPLATE
    fast.save_pretrained(corpus.folder / "hub" / "tokenizer")
    corpus.expect("hub/tokenizer/tokenizer.json", "tokenizer")
