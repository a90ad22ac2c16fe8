"""Packages from npm that tests use, installed as locked, once."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest


def installed(folder: Path) -> Path:
    """The `node_modules` of a folder with a lock. Tests that run side by side wait for the first to install; later runs need no network."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    lock, modules = folder / "package-lock.json", folder / "node_modules"
    done = modules / ".package-lock.json"
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
            # Medplum names only the newest releases of Node as its own; the script says what older ones lack.
            command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--engine-strict=false"]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return modules
