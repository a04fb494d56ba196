"""Whether a path lies on another machine's disk, where SQLite's locks cannot be trusted."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

# File systems of other machines, as Linux names them in /proc/mounts.
_SHARES = frozenset(
    [
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "fuse.davfs2",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.smbnetfs",
        "fuse.sshfs",
        "glusterfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "smb2",
        "smb3",
        "smbfs",
    ]
)
_MOUNTS = Path("/proc/mounts")
_DRIVE_REMOTE = 4


def is_on_share(path: Path) -> bool:
    """Whether `path` (it need not exist) is on a network share of this PC. Unknown systems say no."""
    if os.name == "nt":
        return is_unc(str(path)) or _is_remote_drive(path)
    try:
        mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return file_system_of(path, mounts) in _SHARES


def is_unc(name: str) -> bool:
    r"""Whether a Windows name is one of a share: `\\server\share\...`, also in its long form."""
    plain = name.replace("/", "\\")
    return plain.upper().startswith("\\\\?\\UNC\\") or (
        plain.startswith("\\\\") and not plain.startswith(("\\\\?\\", "\\\\.\\"))
    )


def file_system_of(path: Path, mounts: str) -> str:
    """The type of the file system that holds `path`, by the lines of /proc/mounts; empty when none does."""
    found, depth = "", -1
    place = path.resolve()
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = Path(_unescaped(fields[1]))
        # Of two at one place the later one covers the earlier one.
        if (mount == place or mount in place.parents) and len(mount.parts) >= depth:
            found, depth = fields[2], len(mount.parts)
    return found


def _unescaped(name: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), name)


def _is_remote_drive(path: Path) -> bool:
    import ctypes

    system: Any = ctypes  # what Windows alone has
    return bool(system.windll.kernel32.GetDriveTypeW(path.absolute().drive + "\\") == _DRIVE_REMOTE)
