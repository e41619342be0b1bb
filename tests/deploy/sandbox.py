"""Runs a command under the sandbox of deploy/gateway.service, where no systemd runs the machine.

    python tests/deploy/sandbox.py gateway demo --exit

Read from the unit and put up as systemd does it: the filter of system calls (libseccomp, the lists of
`systemd-analyze syscall-filter`), address families, no memory that is both written and executed, no new privileges,
no capabilities, another user (where that one can read the command), a read-only file system but for one folder,
a /tmp of its own, mask and limits.
Not put up: what needs systemd's own mounts of /proc and /dev. Needs root, Linux 6.3 and Debian's systemd.
"""

import ctypes
import errno
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

UNIT = Path(__file__).parents[2] / "deploy" / "gateway.service"
STATE = Path("/var/lib/gateway-sandbox")
NOBODY = 65534
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}

PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 24, 38, 65, 1
CLONE_NEWNS, MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 1, 32, 4096, 16384, 1 << 18
SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_CMP_EQ = 0x7FFF0000, 0x00050000, 4

libc = ctypes.CDLL(None, use_errno=True)


class Compare(ctypes.Structure):
    """A condition on one argument of a system call."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def settings() -> dict[str, list[str]]:
    """The unit's keys with all their values."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text("utf-8"), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


def members(name: str) -> set[str]:
    """System calls of a group, groups in it opened."""
    if not name.startswith("@"):
        return {name}
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
    )
    names = [line.strip() for line in listed.stdout.splitlines()[1:]]
    return set().union(*(members(each) for each in names if each and each[0] != "#"))


def allowed(lines: list[str]) -> set[str]:
    """What several SystemCallFilter= lines come to."""
    names: set[str] = set()
    for line in lines:
        group = set().union(*(members(each) for each in line.lstrip("~").split()))
        names = names - group if line[0] == "~" else names | group
    return names


def check(code: int) -> None:
    """What libc says when it does not do it."""
    if code < 0:
        raise OSError(ctypes.get_errno() or -code, os.strerror(ctypes.get_errno() or -code))


def confine_files() -> None:
    """A read-only file system but for the state folder, and a /tmp of our own."""
    check(libc.unshare(CLONE_NEWNS))
    check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None))
    if not Path(sys.argv[1]).absolute().is_relative_to("/tmp"):  # there it would hide the command
        check(libc.mount(b"tmpfs", b"/tmp", b"tmpfs", 0, None))
    check(libc.mount(str(STATE).encode(), str(STATE).encode(), None, MS_BIND, None))
    check(libc.mount(b"/", b"/", None, MS_BIND | MS_REC, None))
    check(libc.mount(None, b"/", None, MS_REMOUNT | MS_BIND | MS_RDONLY, None))


def confine_calls(names: set[str], families: set[int]) -> None:
    """The filter: everything else is EPERM."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(SCMP_ACT_ERRNO | errno.EPERM))
    for name in sorted(names - {"socket"}):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            check(seccomp.seccomp_rule_add_exact(context, SCMP_ACT_ALLOW, number, 0))
    socket = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        compare = Compare(0, SCMP_CMP_EQ, family, 0)
        check(seccomp.seccomp_rule_add_array(context, SCMP_ACT_ALLOW, socket, 1, ctypes.byref(compare)))
    check(seccomp.seccomp_load(context))


def other_user() -> int:
    """Nobody, or root without capabilities where Nobody cannot reach the command (it lies in root's home)."""
    try:
        subprocess.run([sys.argv[1], "--version"], user=NOBODY, group=NOBODY, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    return NOBODY


def main() -> None:
    """Puts the sandbox up, says what it is, and becomes the command."""
    unit = settings()
    names = allowed(unit["SystemCallFilter"])
    families = {FAMILIES[each] for each in unit["RestrictAddressFamilies"][0].split()}
    user = other_user()
    STATE.mkdir(mode=0o700, exist_ok=True)
    os.chown(STATE, user, user)
    if unit["ProtectSystem"] == ["strict"]:
        confine_files()
    os.umask(int(unit["UMask"][0], 8))
    files = min(int(unit["LimitNOFILE"][0]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    os.chdir(STATE)
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # beyond the last one there is nothing to drop
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    if unit["MemoryDenyWriteExecute"] == ["yes"]:
        check(libc.prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0))
    environment = {**os.environ, "HOME": str(STATE), "TMPDIR": str(STATE), "PYTHONDONTWRITEBYTECODE": "1"}
    confine_calls(names, families)
    sys.stderr.write(f"sandbox: {len(names)} system calls, families {sorted(families)}, user {user}\n")
    os.execvpe(sys.argv[1], sys.argv[1:], environment)


if __name__ == "__main__":
    main()
