"""Make the work tree known to its environment as an installed package is: importable, with a version and entry points.

Building it as one would take a build tool that is not in the locks.
"""

from __future__ import annotations

import site
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    packages = Path(site.getsitepackages()[0])
    (packages / f"{project['name']}.pth").write_text(f"{ROOT / 'include'}\n")
    facts = packages / f"{project['name']}-{project['version']}.dist-info"
    facts.mkdir(exist_ok=True)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in entries.items())
        for group, entries in project["entry-points"].items()
    )
    (facts / "entry_points.txt").write_text("\n".join(groups))


if __name__ == "__main__":
    main()
