"""`python -m gateway.simulator`: the same as `callgate simulate`."""

import argparse
import sys

from gateway.simulator.command import add_arguments, run

parser = argparse.ArgumentParser(prog="callgate simulate")
add_arguments(parser)
sys.exit(run(parser.parse_args()))
