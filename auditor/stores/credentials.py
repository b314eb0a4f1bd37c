"""Files in a store whose names are those of keys and tokens: never read."""

from __future__ import annotations

from collections.abc import Iterator

from auditor.stores import Folder, Found, Store, StoreLayout, joined, odd

# As huggingface_hub, kaggle, ModelScope, git, the clouds' own tools and dotenv call them.
_NAMES = frozenset({
    "token", "stored_tokens", ".env", ".netrc", ".git-credentials", "kaggle.json", "git_token",
    "id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", ".pypirc", ".npmrc", ".dockerconfigjson",
    "application_default_credentials.json", ".boto", ".s3cfg", "rclone.conf", "wandb-token",
    ".vault-token", "kubeconfig",
})  # fmt: skip
_LIKE_ONE = (
    ".env", ".key", ".p12", ".pfx", ".keytab", ".kdbx", "credentials.json", "service-account.json",
    "service_account.json",
)  # fmt: skip
# Below a folder of this name these are credentials too (`~/.aws`, `~/.modelscope/credentials`).
_FOLDERS = frozenset({".aws", "credentials"})
_IN_FOLDERS = frozenset({"credentials", "cookies", "session", "user"})


def is_credential(folder: str, name: str) -> bool:
    """Return whether a file's name is that of a key or a token."""
    lower = name.lower()
    return (
        lower in _NAMES
        or lower.endswith(_LIKE_ONE)
        or (folder in _FOLDERS and lower in _IN_FOLDERS)
    )


def _recognises(folder: Folder) -> bool:
    return any(is_credential(folder.name, file.name) for file in folder.files)


def _look(folder: Folder, _store: Store) -> Iterator[Found]:
    for file in folder.files:
        if is_credential(folder.name, file.name):
            detail = f"its name is that of a key or a token, mode {file.mode:04o}; it was not read"
            yield odd(joined(folder.path, file.name), "credential", detail)


LAYOUT = StoreLayout(title="Keys and tokens in a store", recognises=_recognises, look=_look, rank=8)
