"""`python -m pipelines` is the command `backprop`."""

from pipelines.cli import main

main()
