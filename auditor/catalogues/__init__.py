"""What the toolkit knows of the world: AI runtimes, their settings, and who runs which endpoint."""
