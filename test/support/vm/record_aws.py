"""Runs Debian's `aws` and writes down every file and folder that it needed: what a guest must have to run the same.

record_aws.py LIST ARGUMENT...   LIST is appended to, a path a line
"""

import _strptime  # noqa: F401  needed only for credentials that end, which this host's do not
import atexit
import os
import runpy
import sys

LIST = sys.argv[1]
needed = set()


def hear(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and isinstance(arguments[0], str):
        needed.add(os.path.abspath(arguments[0]))


def write():
    for module in list(sys.modules.values()):
        for name in ("__file__", "__cached__"):
            path = getattr(module, name, None)
            if isinstance(path, str):
                needed.add(os.path.abspath(path))
    with open("/proc/self/maps") as maps:
        needed.update(line.split()[-1] for line in maps if "/" in line)
    # A compiled module is believed only beside its source.
    for path in list(needed):
        folder, name = os.path.split(path)
        if os.path.basename(folder) == "__pycache__":
            needed.add(os.path.join(os.path.dirname(folder), name.split(".")[0] + ".py"))
    with open(LIST, "a") as out:
        out.writelines(
            f"{path}\n"
            for path in sorted(needed)
            if path.startswith(("/usr/", "/lib")) and os.path.exists(path)
        )


sys.addaudithook(hear)
atexit.register(write)
sys.argv = ["/usr/bin/aws", *sys.argv[2:]]
runpy.run_path("/usr/bin/aws", run_name="__main__")
