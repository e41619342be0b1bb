"""What is to be sent, when, and what became of it."""
