"""Keras models: the archive, the old HDF5 file, weights alone; and other HDF5 files."""

from __future__ import annotations

import h5py
import keras
import numpy as np
from keras import layers

from scripts.benign import Corpus

_STACKS = {
    "dense": ((4,), lambda: [layers.Dense(3, activation="relu"), layers.Dense(1)]),
    "conv": ((8, 8, 3), lambda: [layers.Conv2D(4, 3), layers.BatchNormalization(),
                                 layers.MaxPooling2D(), layers.Flatten(), layers.Dense(2)]),
    "lstm": ((5, 3), lambda: [layers.LSTM(4), layers.Dropout(0.1), layers.Dense(1)]),
    "gru": ((5, 3), lambda: [layers.Bidirectional(layers.GRU(4))]),
    "embedding": ((6,), lambda: [layers.Embedding(20, 4), layers.GlobalAveragePooling1D()]),
    "norm": ((6,), lambda: [layers.LayerNormalization(), layers.Dense(2, activation="softmax")]),
    "augment": ((8, 8, 3), lambda: [layers.RandomFlip(), layers.Rescaling(1 / 255),
                                    layers.SeparableConv2D(2, 3)]),
    "attention": ((5, 8), lambda: [layers.Conv1D(8, 3, padding="same"),
                                   layers.GlobalMaxPooling1D()]),
}  # fmt: skip


def write(corpus: Corpus) -> None:
    """Write each model four ways."""
    for name, (shape, stack) in _STACKS.items():
        keras.utils.set_random_seed(3)
        model = keras.Sequential([keras.Input(shape), *stack()], name=name)
        _model(corpus, name, model)
    first = keras.Input((4,))
    joined = layers.concatenate([layers.Dense(2)(first), layers.Dense(3)(first)])
    functional = keras.Model(first, layers.Dense(1)(joined))
    functional.compile("adam", "mse")
    functional.fit(np.ones((4, 4)), np.ones((4, 1)), verbose=0)
    _model(corpus, "functional", functional)
    corpus.add("hdf5/plain.h5", _plain, "hdf5")


def _model(corpus: Corpus, name: str, model: keras.Model) -> None:
    corpus.add(f"keras/{name}.keras", model.save, "keras_archive")
    corpus.add(f"keras/{name}.h5", model.save, "hdf5")
    corpus.add(f"keras/{name}.weights.h5", model.save_weights, "hdf5")


def _plain(path: str) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["made"] = "by h5py"
        group = file.create_group("results")
        group.create_dataset("x", data=np.arange(1000), chunks=(100,), compression="gzip")
        group.create_dataset("names", data=np.array([b"a", b"b"]))
        group["again"] = h5py.SoftLink("/results/x")
