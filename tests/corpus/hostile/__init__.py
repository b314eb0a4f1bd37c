"""The cases, one subject a file: each has `cases()`."""
