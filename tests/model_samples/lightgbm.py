from __future__ import annotations

TREE = "Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=0.5\nleaf_value=-1 1\n\n\n"
TAIL = "end of trees\n\nfeature_importances:\nColumn_0=1\n\nparameters:\n[boosting: gbdt]\nend of parameters\n"


def sample(tail: str = TAIL, size: int = len(TREE)) -> bytes:
    head = "tree\nversion=v4\nnum_class=1\nmax_feature_idx=0\nobjective=binary sigmoid:1\n"
    return f"{head}tree_sizes={size} \n\n{TREE}{tail}".encode()
