"""What is written down of model stores, and how two states of one are compared: pure."""
