"""Learning: from rows of features to a trained network, as a task and a recipe have it."""
