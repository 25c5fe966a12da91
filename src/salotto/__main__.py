"""`python -m salotto` is `salotto`."""

import sys

from salotto.cli import main

sys.exit(main())
