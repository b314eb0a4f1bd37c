"""Signs bytes and checks signatures: keys, envelopes, sidecars and the report's own last line."""
