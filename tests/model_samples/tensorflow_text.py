from __future__ import annotations

TEXT = """\
# A SavedModel as `tf.io.write_graph` and `text_format` write it.
saved_model_schema_version: 1
meta_graphs {
  meta_info_def { tags: "serve" tensorflow_version: "2.21.0" }
  graph_def {
    node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
    library {
      function {
        signature { name: "f" }
        node_def { name: "y" op: "Relu" input: "x" }
      }
    }
    versions { producer: 1882 }
  }
  object_graph_def {
    nodes {
      variable {
        dtype: DT_FLOAT
        shape { dim { size: 3 } dim { size: 2 } }
        trainable: true
        name: "layer/w"
      }
    }
  }
}
"""


def sample() -> bytes:
    return TEXT.encode()
