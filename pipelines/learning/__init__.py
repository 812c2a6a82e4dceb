"""Learning: from rows of features to a trained network, for a task and a recipe."""
