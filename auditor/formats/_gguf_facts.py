"""Tells what the keys of a GGUF header say: model, origin, licence, tokenizer, chat template."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.evidence.models import Role, VerdictReason
from auditor.formats import Context, ModelHeader
from auditor.formats._gguf_reader import Value
from auditor.formats._gguf_tensors import Tensors
from auditor.formats._gguf_types import FILE_TYPES, PLAIN, precision
from auditor.formats._template import check_template, digest

TEMPLATE = "tokenizer.chat_template"
_TEXT = 200
_LARGEST = 1 << 62
_MOST_LISTED = 64
_HUB = ("https://huggingface.co/", "https://hf.co/", "http://huggingface.co/")


class Facts:
    """The keys and values of one header."""

    def __init__(self, metadata: dict[str, Value]) -> None:
        """Keep the values."""
        self._metadata = metadata

    def text(self, key: str) -> str:
        """Return a string, cut; `` where there is none."""
        value = self._metadata.get(key)
        return value[:_TEXT] if isinstance(value, str) else ""

    def number(self, key: str) -> int:
        """Return a count, 0 where there is none."""
        value = self._metadata.get(key)
        return value if type(value) is int and 0 <= value < _LARGEST else 0

    def templates(self) -> Iterator[tuple[str, str]]:
        """Yield the keys and texts of the chat templates."""
        for key, value in self._metadata.items():
            if isinstance(value, str) and (key == TEMPLATE or key.startswith(f"{TEMPLATE}.")):
                yield key, value

    def role(self) -> Role:
        """Return what the file is for (`general.type`, else what it holds)."""
        said = self.text("general.type")
        return "adapter" if said == "adapter" or self.text("adapter.type") else "weights"

    def reasons(self, context: Context) -> Iterator[VerdictReason]:
        """Yield what is wrong with the chat templates, and that the file is one of several."""
        for key, template in self.templates():
            yield from check_template(template, context, key)
        parts = self.number("split.count")
        if parts > 1:
            detail = f"part {self.number('split.no') + 1} of {parts}"
            yield context.reason("gguf-split", "data", detail)

    def header(self, tensors: Tensors) -> ModelHeader:
        """Return what the header says (ggml/docs/gguf.md, gguf-py's constants)."""
        architecture = self.text("general.architecture")
        file_type = self._metadata.get("general.file_type")
        said = FILE_TYPES.get(file_type, "") if type(file_type) is int else ""
        by_tensors = precision(tensors.elements)
        templates = dict(self.templates())
        first = templates.get(TEMPLATE) or next(iter(templates.values()), "")
        return ModelHeader(
            architecture=architecture,
            name=self.text("general.name"),
            parameters=sum(tensors.elements.values()),
            precision=said or by_tensors,
            context_length=self.number(f"{architecture}.context_length"),
            tensors=len(tensors.names),
            license=self.text("general.license") or self.text("general.license.name"),
            base_model=self._base_model(),
            repository=self._repository("general"),
            producer=self.text("general.quantized_by"),
            quantization=said if said not in PLAIN else "",
            tokenizer=self._joined(
                self.text("tokenizer.ggml.model"), self.text("tokenizer.ggml.pre")
            ),
            chat_template=digest(first) if first else "",
            datasets=tuple(sorted(set(self._datasets()))),
        )

    def _repository(self, prefix: str) -> str:
        keys = ("source.huggingface.repository", "source.repo_url", "repo_url", "source.url")
        found = next(filter(None, (self.text(f"{prefix}.{key}") for key in keys)), "")
        return next((found.removeprefix(hub) for hub in _HUB if found.startswith(hub)), found)

    def _base_model(self) -> str:
        prefix = "general.base_model.0"
        repository = self._repository(prefix)
        if repository and ":" not in repository:
            return repository
        return self._joined(self.text(f"{prefix}.organization"), self.text(f"{prefix}.name"))

    @staticmethod
    def _joined(before: str, behind: str) -> str:
        return f"{before}/{behind}" if before and behind else behind or before

    def _datasets(self) -> Iterator[str]:
        listed = self._metadata.get("general.datasets")
        if isinstance(listed, list):
            yield from (name[:_TEXT] for name in listed)
        for number in range(min(self.number("general.dataset.count"), _MOST_LISTED)):
            prefix = f"general.dataset.{number}"
            names = self._joined(self.text(f"{prefix}.organization"), self.text(f"{prefix}.name"))
            found = self._repository(prefix) or names
            if found:
                yield found
