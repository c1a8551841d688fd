"""An environment with the distribution katydid-locust, made without a network."""

from __future__ import annotations

import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "python"


def environment_with_stand_in(folder: Path) -> Path:
    """The interpreter of a fresh environment with katydid-locust, and katydid as it is in this one."""
    sources = shutil.ignore_patterns("__pycache__", "*.so", "build", "*.egg-info")
    for name in ("katydid", "katydid-locust"):
        shutil.copytree(SOURCE / name, folder / "python" / name, ignore=sources)
    environment = folder / "environment"
    venv.create(environment, symlinks=True)
    interpreter = environment / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps"]
    wheels = folder / "wheels"
    source = folder / "python" / "katydid-locust"
    subprocess.run([*pip, "wheel", *offline, "--no-build-isolation", "-w", wheels, source], check=True)
    wheel = next(wheels.glob("katydid_locust-*.whl"))
    subprocess.run([*pip, "--python", interpreter, "install", *offline, wheel], check=True)
    packages = next((environment / "lib").glob("python3*/site-packages"))
    here = site.getsitepackages()[0]
    (packages / "katydid_as_here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    return interpreter
