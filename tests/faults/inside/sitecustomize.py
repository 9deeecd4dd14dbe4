"""Python imports this as it starts, where this folder is on its path: so faults get into our processes.

Only into those: pip, pytest and everything else that inherits the environment stay as they are.
"""

import os
import sys

if "backsight.cli" in sys.orig_argv and "FAULTS_FOLDER" in os.environ:
    from faults.inside import begin

    begin(os.environ["FAULTS_FOLDER"], role=sys.orig_argv[sys.orig_argv.index("backsight.cli") + 1])
