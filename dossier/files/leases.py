"""Does anybody have this file open for writing? What the kernel tells about it, and where it can't.

A read lease is only given when nobody writes (fcntl(2), F_SETLEASE). It needs the file's owner or
CAP_LEASE, and a local file system. Of a network one this machine sees its own openers only, and NFS
and CIFS refuse leases for reasons of their own with the same EAGAIN that elsewhere means "somebody
writes". So there it can't be known.
"""

from __future__ import annotations

import errno
import fcntl
import signal

# linux/magic.h and the file systems' own headers; virtiofs and sshfs are FUSE.
_NETWORK = frozenset({
    0x6969,      # NFS
    0x517B,      # SMB
    0xFF534D42,  # CIFS
    0xFE534D42,  # SMB2 and 3
    0x01021997,  # 9P
    0x65735546,  # FUSE
    0x00C36400,  # Ceph
    0x5346414F,  # AFS
    0x6B414653,  # AFS in the kernel
    0x564C,      # NCP
    0x73757245,  # Coda
    0x0BD00BD0,  # Lustre
    0x47504653,  # GPFS
    0x7461636F,  # OCFS2
    0x01161970,  # GFS2
    0x20030528,  # OrangeFS
    0x786F4256,  # VirtualBox
    0xBACBACBC,  # VMware
})  # fmt: skip


def has_writer(descriptor: int) -> bool | None:
    """True if a process of this machine has the file open for writing; None if that can't be known.

    A writer that comes while the lease is held breaks it by a signal: SIGURG here, which nobody
    minds. By default it would be SIGIO, which ends a process.
    """
    if _is_on_network(descriptor):
        return None
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _is_on_network(descriptor: int) -> bool:
    from dossier.files import kernel

    found = kernel.file_system(descriptor)
    return found is None or found in _NETWORK
