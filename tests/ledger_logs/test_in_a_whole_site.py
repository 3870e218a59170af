"""`make run` signs the log of its letter, and another program reads it over HTTP."""

import pytest
from tlog_scales.backend import HttpBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from tests.stack import running_site, until

pytestmark = pytest.mark.xdist_group("stack")


def test_another_program_checks_a_running_site() -> None:
    with running_site() as site:
        until(lambda: site.get("/log/1/checkpoint").status == 200)
        reader = TilesReader(HttpBackend(f"{site.url}/log/1"))
        checkpoint = reader.get_checkpoint()
        for key in site.get("/log/1/vkeys.txt").text.split():
            checkpoint.verify(Vkey.from_string(key))
        assert reader.calculate_root_hash() == checkpoint.root_hash
        # A log keeps its name, also when the site moves: the folder of this site was made at another port.
        assert reader.get_entry(0).decode() == f"undersigned/1 begin {checkpoint.origin}"
        assert (site.var / "ledger.key").stat().st_mode & 0o777 == 0o600
        assert "LEDGER" not in (site.var / "laptop.json").read_text(encoding="utf-8")
