"""What each command does, from parsed options to an exit code."""
