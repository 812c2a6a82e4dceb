"""Features: from files that people have to rows of numbers that a network can learn from."""
