"""`python -m backsight.cli` is `backsight`."""

from backsight.cli import main

main(prog_name="backsight")
