"""What is wrong with the data: copies, small classes, conditions that give a class away; and what to do about it."""
