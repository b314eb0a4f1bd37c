"""What is said: each file the messages of one protocol, as a real program would send them."""
