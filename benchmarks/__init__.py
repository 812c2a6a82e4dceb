"""What measures accuracy and speed, and the results it wrote, in `results/`."""
