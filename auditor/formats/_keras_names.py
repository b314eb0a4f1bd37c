"""What Keras itself provides by name: whatever a configuration asks for beyond it is not Keras."""

from __future__ import annotations

# Public packages of `keras` whose classes a model is built of (keras.io/api), and the folders of
# `keras.src`, `tf_keras.src` and of Keras 2 where those classes are defined.
MODEL_PACKAGES = frozenset({
    "layers", "initializers", "optimizers", "losses", "metrics", "activations", "regularizers",
    "constraints", "ops", "dtype_policies", "quantizers", "random", "mixed_precision", "engine",
    "trainers", "legacy", "feature_column", "premade_models", "distillation", "dtensor",
    "legacy_tf_layers", "experimental", "preprocessing", "models",
})  # fmt: skip
# Of these no model is built, whatever it is: they load, save, fetch, or make objects by name.
TOOLS = frozenset({
    "utils", "saving", "export", "datasets", "deserialize", "serialize", "get",
    "deserialize_keras_object", "load_model", "model_from_json",
})  # fmt: skip
# The functions of these read and write files or make models; their classes are layers.
READERS = frozenset({"preprocessing", "models", "legacy"})
MODEL_CLASSES = frozenset({
    "Model", "Sequential", "Functional", "SubclassedModel", "Function", "Variable", "KerasTensor",
    "DTypePolicy", "FloatDTypePolicy", "Initializer", "InputSpec", "Layer", "Loss", "Metric",
    "Operation", "Optimizer", "Quantizer", "Regularizer", "StatelessScope", "SeedGenerator",
    "RematScope", "LossScaleOptimizer", "FeatureSpace", "LinearModel", "WideDeepModel",
})  # fmt: skip
# Libraries of the Keras team whose classes its loader imports by name (keras/src/saving).
ROOTS = frozenset({"keras", "tf_keras", "keras_hub", "keras_nlp", "keras_cv"})

# Layers that are judged by a rule of their own.
JUDGED = frozenset({"Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"})

_NUMBERED = (
    "AdaptiveAveragePooling", "AdaptiveMaxPooling", "AveragePooling", "AvgPool", "Conv",
    "ConvLSTM", "Convolution", "Cropping", "DepthwiseConv", "GlobalAveragePooling",
    "GlobalAvgPool", "GlobalMaxPool", "GlobalMaxPooling", "LocallyConnected", "MaxPool",
    "MaxPooling", "SeparableConv", "SeparableConvolution", "SpatialDropout", "UpSampling",
    "ZeroPadding", "Deconvolution",
)  # fmt: skip
_LAYERS = """
    Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention AugMix
    AutoContrast Average BatchNormalization BatchNormalizationV1 BatchNormalizationV2
    Bidirectional CategoryCrossing CategoryEncoding CenterCrop Concatenate
    ContrastLimitedAdaptiveHistogramEqualization CuDNNGRU CuDNNLSTM CutMix Dense DenseFeatures
    Discretization Dot Dropout ELU EinsumDense Embedding Equalization Flatten GRU GRUCell GRUV1
    GRUV2 GaussianDropout GaussianNoise GroupNormalization GroupQueryAttention HashedCrossing
    Hashing Identity InputLayer IntegerLookup LSTM LSTMCell LSTMV1 LSTMV2 LayerNormalization
    LeakyReLU Masking MaxNumBoundingBoxes Maximum MelSpectrogram Minimum MixUp MultiHeadAttention
    Multiply Normalization PReLU Permute Pipeline RMSNormalization RNN RandAugment
    RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
    RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale
    RandomHeight RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation
    RandomSaturation RandomSharpness RandomShear RandomTranslation RandomWidth RandomZoom ReLU
    RepeatVector Rescaling Reshape Resizing ReversibleEmbedding STFTSpectrogram SimpleRNN
    SimpleRNNCell Softmax Solarization SpectralNormalization StackedRNNCells StringLookup
    Subtract SyncBatchNormalization TextVectorization ThresholdedReLU TimeDistributed
    UnitNormalization Wrapper TensorFlowOpLayer SlicingOpLambda TFOpLambda ClassMethod
    InstanceMethod InstanceProperty AddLoss AddMetric AnonymousLayer Operator
"""
_OTHERS = """
    Constant GlorotNormal GlorotUniform HeNormal HeUniform IdentityInitializer LecunNormal
    LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform STFT
    STFTInitializer TruncatedNormal VarianceScaling Zeros
    Adadelta Adafactor Adagrad Adam AdamW Adamax Ftrl Lamb Lion MultiOptimizer Muon Nadam
    OptimizerMap RMSprop SGD ScheduleFreeAdamW CosineDecay CosineDecayRestarts ExponentialDecay
    InverseTimeDecay PiecewiseConstantDecay PolynomialDecay
    BinaryCrossentropy BinaryFocalCrossentropy CTC CategoricalCrossentropy
    CategoricalFocalCrossentropy CategoricalGeneralizedCrossEntropy CategoricalHinge Circle
    CosineSimilarity Dice Hinge Huber KLDivergence LogCosh MeanAbsoluteError
    MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Poisson
    SparseCategoricalCrossentropy SquaredHinge Tversky LossFunctionWrapper
    AUC Accuracy BinaryAccuracy BinaryIoU CategoricalAccuracy ConcordanceCorrelation F1Score
    FBetaScore FalseNegatives FalsePositives IoU LogCoshError Mean MeanIoU MeanMetricWrapper
    MeanRelativeError MeanTensor OneHotIoU OneHotMeanIoU PearsonCorrelation Precision
    PrecisionAtRecall R2Score Recall RecallAtPrecision RootMeanSquaredError
    SensitivityAtSpecificity SparseCategoricalAccuracy SparseTopKCategoricalAccuracy
    SpecificityAtSensitivity Sum TopKCategoricalAccuracy TrueNegatives TruePositives
    L1 L1L2 L2 OrthogonalRegularizer MaxNorm MinMaxNorm NonNeg UnitNorm RadialConstraint
    AWQDTypePolicy DTypePolicyMap GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy
    QuantizedFloat8DTypePolicy Policy PolicyV1 AbsMaxQuantizer TensorShape TypeSpec Metrics
    DynamicLossScale FixedLossScale MetricsList CompileLoss CompileMetrics
"""
# Operations that a functional model is built of, by the names that Keras gives their classes.
_OPERATIONS = """
    Abs Absolute AdaptiveAveragePool AdaptiveMaxPool AffineTransform All AllClose Amax Amin
    Angle Any Append Arange Arccos Arccosh Arcsin Arcsinh Arctan Arctan2 Arctanh Argmax Argmin
    Argpartition Argsort Array ArraySplit AssociativeScan AveragePool BatchNorm Bincount
    BitwiseAnd BitwiseInvert BitwiseLeftShift BitwiseNot BitwiseOr BitwiseRightShift
    BitwiseXor BroadcastTo CDist CTCDecode CTCLoss Cast Cbrt Ceil Celu Cholesky
    CholeskyInverse Clip Cond Conj Conjugate Conv ConvTranspose ConvertToTensor Copy Corrcoef
    Correlate Cos Cosh CountNonzero CropImages Cross Cumprod Cumsum Deg2rad DepthToSpace
    DepthwiseConv Det Diag Diagflat Diagonal Diff Digitize Divide DivideNoNan
    DotProductAttention Dsplit Dstack Eig Eigh Einsum ElasticTransform Elu EmptyLike Equal Erf
    Erfc Erfinv Exp Exp2 ExpandDims Expm1 ExtractPatches ExtractSequences FFT FFT2 Fabs Flip
    Fliplr Flipud Floor FloorDivide Fmax Fmin Fmod Fold ForiLoop Full FullLike Function
    GaussianBlur Gcd Gelu Geomspace GetItem Glu Greater GreaterEqual HSVToRGB HardShrink
    HardSigmoid HardSilu HardTanh Heaviside Histogram Hsplit Hstack Hypot I0 IFFT2 IRFFT ISTFT
    Imag InTopK Inner Inv IsIn Isclose Isfinite Isinf Isnan Isneginf Isposinf Isreal JVP Kron
    LayerNorm Lcm Ldexp LeakyRelu LeftShift Less LessEqual Linspace Log Log10 Log1p Log2
    LogSigmoid LogSoftmax Logaddexp Logaddexp2 Logdet LogicalAnd LogicalNot LogicalOr
    LogicalXor Logspace Logsumexp Lstsq LuFactor Map MapCoordinates Matmul MatrixRank Max
    MaxPool Median Meshgrid Min Mod Moments Moveaxis MultiHot NanToNum Nanargmax Nanargmin
    Nancumprod Nancumsum Nanmax Nanmean Nanmedian Nanmin Nanpercentile Nanprod Nanquantile
    Nanstd Nansum Nanvar Ndim Negative Nextafter Nonzero Norm Normalize NotEqual OneHot
    OnesLike Outer PSNR Pad PadImages Percentile PerspectiveTransform Pinv Polar Power Prod
    Ptp Qr Quantile RFFT RGBToGrayscale RGBToHSV RMSNorm Rad2deg Ravel Real Rearrange
    Reciprocal Relu Relu6 Repeat Resize RightShift Roll Rot90 Round Rsqrt SSIM SVD
    SaturateCast ScaleAndTranslate Scan Scatter ScatterUpdate SearchSorted SegmentMax
    SegmentMin SegmentProd SegmentReduction SegmentSum Select Selu SeparableConv Sigmoid Sign
    Signbit Silu Sin Sinc Sinh Size Slice SliceUpdate Slogdet SobelEdges SoftShrink Softplus
    Softsign Solve SolveTriangular Sort SpaceToDepth SparsePlus SparseSigmoid Sparsemax Split
    Sqrt Square Squareplus Squeeze Stack Std StopGradient Swapaxes Switch Take TakeAlongAxis
    Tan Tanh TanhShrink Tensordot Threshold Tile TopK Trace Transpose Trapezoid Tril Triu
    TrueDivide Trunc Unfold Unique UnravelIndex Unstack Vander Var Vdot VectorizedMap View
    ViewAsComplex ViewAsReal Vsplit Vstack Where WhileLoop ZerosLike
"""
# Classes of Keras 2 and 3 that are named without their module, as older files do.
BUILT_IN = (
    MODEL_CLASSES
    | frozenset(_LAYERS.split())
    | frozenset(_OTHERS.split())
    | frozenset(_OPERATIONS.split())
    | JUDGED
    | {f"{name}{n}D{tail}" for name in _NUMBERED for n in (1, 2, 3) for tail in ("", "Transpose")}
)
# How Keras writes values that JSON has not.
VALUES = frozenset({
    "__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__",
    "__tuple__", "TensorShape", "TypeSpec", "CompositeTensor", "TENSORSHAPE",
})  # fmt: skip
# Modules by which a name is code, whoever asks for it.
CODE_ROOTS = frozenset({
    "os", "posix", "nt", "sys", "subprocess", "builtins", "__builtin__", "importlib", "shutil",
    "socket", "runpy", "ctypes", "pickle", "_pickle", "marshal", "code", "codeop", "pty", "types",
    "pip", "ensurepip", "pdb", "bdb", "timeit", "trace", "profile", "cProfile", "doctest",
    "idlelib", "lib2to3", "webbrowser", "urllib", "http", "ftplib", "smtplib", "tempfile", "io",
    "pathlib", "operator", "functools", "multiprocessing", "asyncio", "pkgutil", "inspect",
    "platform", "signal", "site", "tarfile", "zipfile", "joblib", "dill", "cloudpickle", "torch",
})  # fmt: skip
# Functions that Keras finds by name alone: activations, losses, metrics, initializers.
_FUNCTION_NAMES = """
    accuracy auc bce binary_accuracy binary_crossentropy binary_focal_crossentropy
    categorical_accuracy categorical_crossentropy categorical_focal_crossentropy
    categorical_generalized_cross_entropy categorical_hinge celu circle concordance_correlation
    constant cosine_proximity cosine_similarity ctc dice elu exponential gelu glorot_normal
    glorot_uniform glu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh he_normal
    he_uniform hinge huber identity kl_divergence kld kullback_leibler_divergence l1 l1_l2 l2
    leaky_relu lecun_normal lecun_uniform linear log_cosh log_sigmoid log_softmax logcosh mae
    mape max_norm mean_absolute_error mean_absolute_percentage_error mean_squared_error
    mean_squared_logarithmic_error min_max_norm mish mse msle non_neg ones orthogonal
    orthogonal_regularizer pearson_correlation poisson random_normal random_uniform relu relu6
    selu sigmoid silu soft_shrink softmax softplus softsign sparse_categorical_accuracy
    sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparse_top_k_categorical_accuracy
    sparsemax squared_hinge squareplus stft swish tanh tanh_shrink threshold
    top_k_categorical_accuracy truncated_normal tversky unit_norm variance_scaling zeros
"""
FUNCTIONS = frozenset(_FUNCTION_NAMES.split())
# Functions of Python itself that run, open or reach something.
PYTHON_FUNCTIONS = frozenset({
    "__import__", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "execfile", "exit",
    "getattr", "globals", "help", "input", "locals", "memoryview", "open", "print", "quit",
    "setattr", "type", "vars",
})  # fmt: skip
# Packages of which a model names functions: by the names above, or all that they export.
_FUNCTION_PACKAGES = frozenset({
    "activations", "losses", "metrics", "initializers", "regularizers", "constraints",
})  # fmt: skip
_COMPUTING = (["ops"], ["ops", "nn"], ["ops", "numpy"], ["ops", "linalg"], ["ops", "image"],
              ["random"])  # fmt: skip


def is_function(inner: list[str], name: str) -> bool:
    """Return whether a package within Keras, and a name in it, are a function that computes."""
    if inner in _COMPUTING:
        return name.isidentifier() and name != "custom_gradient"
    return name in FUNCTIONS and not _FUNCTION_PACKAGES.isdisjoint(inner)
