"""``PythonSlicer``: starts Python and stays as its parent, as CTK's launcher does in Slicer.

    python python_slicer.py PYTHON arguments ...

Like that one it passes an exit code on, and hides how a Python ended that was killed or crashed:
a line on stderr, and exit code 1.
"""

import subprocess
import sys

code = subprocess.Popen(sys.argv[1:]).wait()
if code < 0:
    print("error: [./python-real] exit abnormally - Report the problem.", file=sys.stderr)
sys.exit(1 if code < 0 else code)
