"""Reads the graphs of ncnn: text, a line a layer."""

from __future__ import annotations

from auditor.formats import Context, FormatError, Inspection, ModelFormat, ModelHeader, View
from auditor.formats._tally import Tally

# Tencent/ncnn, docs/developer-guide/param-and-model-file-structure.md
_MAGIC = b"7767517\n"
_MOST = 16 << 20
_MAX_LAYERS = 1 << 16
_NAME = 256
# Layers of ncnn's own (src/layer): others are registered by the program that loads the graph.
_NAMES = """
AbsVal ArgMax BatchNorm Bias BinaryOp BNLL Bnll CELU Cast Clip Concat Convolution Convolution1D
Convolution3D ConvolutionDepthWise ConvolutionDepthWise1D ConvolutionDepthWise3D CopyTo Crop
CumulativeSum Deconvolution Deconvolution1D Deconvolution3D DeconvolutionDepthWise
DeconvolutionDepthWise1D DeconvolutionDepthWise3D DeepCopy DeformableConv2D Dequantize Diag
Dropout Einsum ELU Eltwise Embed Erf Exp ExpandDims Flatten Flip Fold GELU GLU GRU Gemm GridSample
GroupNorm HardSigmoid HardSwish InnerProduct Input InstanceNorm Interp InverseSpectrogram LRN LSTM
LayerNorm Log MVN MatMul MemoryData Mish MultiHeadAttention Noop Normalize PReLU Packing Padding
Permute PixelShuffle Pooling Pooling1D Pooling3D Power Priorbox PriorBox Quantize RMSNorm RNN
ROIAlign ROIPooling ReLU Reduction Reorg Requantize Reshape SELU Scale Shrink ShuffleChannel
Sigmoid Slice Softmax Softplus Spectrogram Split Squeeze StatisticsPooling Swish TanH Threshold
Tile UnaryOp Unfold YoloDetectionOutput Yolov3DetectionOutput PSROIPooling Proposal
DetectionOutput RotaryEmbed SDPA
"""
_LAYERS = frozenset(_NAMES.split())


def recognises(head: bytes, _view: View) -> bool:
    """Return whether the magic number stands alone in the first line."""
    return head.replace(b"\r\n", b"\n").startswith(_MAGIC)


def inspect(view: View, context: Context) -> Inspection:
    """Return which layers a graph asks for; raises `FormatError`."""
    if view.size > _MOST:
        raise FormatError(f"the graph is longer than {_MOST} bytes", "limit")
    try:
        text = view.at(0, view.size).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("the graph is not UTF-8") from error
    rows = text.replace("\r\n", "\n").split("\n")[1:]
    counts = rows[0].split() if rows else []
    if len(counts) != 2 or not all(n.isascii() and n.isdecimal() for n in counts):  # noqa: PLR2004
        raise FormatError("the second line does not count layers and blobs")
    layers = [row.split() for row in rows[1:] if row.strip()]
    if len(counts[0]) > len(str(_MAX_LAYERS)) or len(layers) != int(counts[0]):
        raise FormatError(f"the graph counts {counts[0][:20]} layers and has {len(layers)}")
    tally = Tally()
    for words in layers:
        context.budget.step()
        if len(words[0]) > _NAME or not words[0].isprintable():
            raise FormatError("a layer's type is no name")
        if words[0] not in _LAYERS:
            tally.operator(words[0])
    reasons = tuple(
        context.reason("ncnn-custom-layer", "unlisted", f"the layer {name} is not one of ncnn's")
        for name in tally.operators
    )
    return Inspection(
        model_format="ncnn", role="graph", reasons=reasons,
        header=ModelHeader(producer="ncnn", custom_operators=tally.operators),
    )  # fmt: skip


FORMAT = ModelFormat(title="ncnn graph", recognises=recognises, inspect=inspect, begins=_MAGIC[:1])
