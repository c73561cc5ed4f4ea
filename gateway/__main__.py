"""`python -m gateway`: the same as `callgate`."""

import sys

from gateway.cli import main

sys.exit(main())
