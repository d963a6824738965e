"""Which facts does the audit of a plugin tell, and which are Python's own?"""

import os

from srkit_core.testing.audit import audited


def test_a_file_is_told_by_its_path_and_once(tmp_path):
    with audited() as facts:
        number = os.open(tmp_path / "kept.txt", os.O_WRONLY | os.O_CREAT)
        with os.fdopen(number, "w") as file:
            file.write("kept")
    assert facts == [f"writes {tmp_path / 'kept.txt'}"]


def test_the_byte_code_of_an_import_is_not_told(tmp_path):
    with audited() as facts:
        number = os.open(tmp_path / "module.pyc", os.O_WRONLY | os.O_CREAT)
        with os.fdopen(number, "wb") as file:
            file.write(b"code")
    assert facts == []
