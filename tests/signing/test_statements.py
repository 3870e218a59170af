import pytest
from psycopg._queries import PostgresQuery, _query2pg
from psycopg.adapt import Transformer

from letters.signer.signing.operations.confirming import CONFIRM
from letters.signer.signing.operations.signing import SIGN


class AnyValue(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""


@pytest.mark.parametrize("statement", [SIGN, CONFIRM])
def test_a_process_finds_the_parameters_of_a_long_statement_only_once(statement: str) -> None:
    PostgresQuery(Transformer()).convert(statement, AnyValue())
    found = _query2pg.cache_info()
    PostgresQuery(Transformer()).convert(statement, AnyValue())
    again = _query2pg.cache_info()
    assert (again.hits, again.misses) == (found.hits + 1, found.misses)
