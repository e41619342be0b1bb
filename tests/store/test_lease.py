"""Instance names."""

import pytest

from gateway.store.lease import InstanceLock
from gateway.store.records import StoreError


@pytest.mark.parametrize("name", ["", "a/b", "..\0", "a b", "x" * 65, "ü"])
def test_name(tmp_path, name):
    """A name that is no file name everywhere is refused."""
    with pytest.raises(StoreError, match="1 to 64"):
        InstanceLock(tmp_path / "g.db", name)


def test_held(tmp_path):
    """One name runs once; another name, or the same after it is given up, is free."""
    lock = InstanceLock(tmp_path / "g.db", "one")
    InstanceLock(tmp_path / "g.db", "two").release()
    with pytest.raises(StoreError, match="one runs already; stop it"):
        InstanceLock(tmp_path / "g.db", "one")
    lock.release()
    InstanceLock(tmp_path / "g.db", "one").release()


def test_no_folder(tmp_path):
    """A file that cannot be made is a sentence with the place."""
    with pytest.raises(StoreError, match=r"nowhere.*permission"):
        InstanceLock(tmp_path / "nowhere" / "g.db", "one")
