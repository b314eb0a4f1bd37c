"""Makes captures whose every flow, byte and name is known: seeded, with correct checksums."""
