"""How long the faults may take: seconds in `make test`, minutes in `make faults`."""

from __future__ import annotations

import os
from typing import Final

IS_LONG: Final = os.environ.get("FAULTS_SCALE") == "long"
