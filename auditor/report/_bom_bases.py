"""Finds among the models of a bill those that others name as what they were made from."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.report._bom_models import Bundle, reference


class Bases:
    """Base models and data sets by the names that models give them."""

    def __init__(self, bundles: Iterable[Bundle]) -> None:
        """Look among `bundles`."""
        self._models: dict[str, list[Bundle]] = {}
        self._datasets: dict[str, list[Bundle]] = {}
        for bundle in bundles:
            named = self._models if bundle.kind == "model" else self._datasets
            name = bundle.repository.removeprefix("datasets/")
            for key in {name, bundle.folder} if name else {bundle.folder}:
                named.setdefault(key, []).append(bundle)

    def model(self, bundle: Bundle, name: str) -> Bundle | None:
        """Return the model that is meant, `None` where it is not here or could be several."""
        return _certain(bundle, self._models.get(name, ()))

    def dataset(self, bundle: Bundle, name: str) -> Bundle | None:
        """Return the data set that is meant, `None` where it is not here or could be several."""
        return _certain(bundle, self._datasets.get(name, ()))

    @staticmethod
    def outside(bundle: Bundle, name: str) -> str:
        """Return how a base model that is not here is called within the bill."""
        return reference("ancestor", bundle.ref, name)


def _certain(bundle: Bundle, named: Iterable[Bundle]) -> Bundle | None:
    """Return the only one that is meant: in the model's own store before any other.

    Of the same name in two registries neither is the other; of two revisions nobody knows which.
    """
    could = [
        other
        for other in named
        if other.ref != bundle.ref
        and (not bundle.registry or not other.registry or bundle.registry == other.registry)
    ]
    near = [other for other in could if other.store == bundle.store]
    best = near or could
    return best[0] if len(best) == 1 else None
