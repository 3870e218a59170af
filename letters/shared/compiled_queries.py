"""Queries that Django compiles once in a process, and that run with other values each time.

Performance: Django takes longer to write the SQL for a model with many columns than PostgreSQL takes to answer it. So
the few queries that every signer or reader causes keep their SQL. Everything else is as in other queries: Django writes
the SQL, adapts the values, and makes the instances.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import connection, models
from django.db.models.query import ModelIterable, get_related_populators
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=models.Model)

# The values with which a query is compiled. No query has them by itself, so each parameter can be found again.
EXAMPLES: Mapping[type, Sequence[Any]] = {
    int: [2_046_931_001, 2_046_931_002, 2_046_931_003],
    str: ["first value of a compiled query", "second value of a compiled query", "third value of a compiled query"],
}


class CompiledQuery(Generic[M]):
    """A query for instances of one model, as `build` returns it, whose parameters have these names and types.

    The SQL is the same for all values, so no value may be None, and `build` may not decide by a value. Raises
    ValueError at the first use if a parameter does not appear in the SQL, or if the query needs more than this class.
    """

    def __init__(self, build: "Callable[..., models.QuerySet[M]]", **parameters: type[int] | type[str]) -> None:
        self._build = build
        self._parameters = parameters

    def all(self, **values: int | str) -> list[M]:
        """Return all instances that the query finds with these values."""
        return self._compiled.run(values)

    def first(self, **values: int | str) -> M | None:
        """Return the first of them, or None."""
        return next(iter(self.all(**values)), None)

    @cached_property
    def _compiled(self) -> "_Compiled[M]":
        unused = {kind: list(examples) for kind, examples in EXAMPLES.items()}
        examples = {name: unused[kind].pop() for name, kind in self._parameters.items()}
        return _Compiled.of(self._build(**examples), examples)


@dataclass(frozen=True)
class _Compiled(Generic[M]):
    sql: str
    # The parameters as Django has adapted them; those at `places` are replaced by the values with these names.
    parameters: tuple[Any, ...]
    places: Mapping[int, str]
    compiler: SQLCompiler
    converters: Mapping[int, tuple[Sequence[Callable[..., Any]], Any]]

    @classmethod
    def of(cls, queryset: "models.QuerySet[M]", examples: Mapping[str, Any]) -> "_Compiled[M]":
        if queryset._prefetch_related_lookups or queryset._iterable_class is not ModelIterable:  # type: ignore[attr-defined]
            raise ValueError("A compiled query returns instances, and prefetches nothing.")
        compiler = queryset.query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        names = {example: name for name, example in examples.items()}
        places = {place: names[value] for place, value in enumerate(parameters) if _is_key(value) and value in names}
        if missing := examples.keys() - set(places.values()):
            raise ValueError(f"The SQL does not have the parameters {', '.join(sorted(missing))}.")
        selected = [each[0] for each in compiler.select[: compiler.col_count]]
        return cls(sql, tuple(parameters), places, compiler, compiler.get_converters(selected))

    def run(self, values: Mapping[str, Any]) -> list[M]:
        parameters = list(self.parameters)
        for place, name in self.places.items():
            # Django's own types tell PostgreSQL the width of an integer.
            parameters[place] = type(parameters[place])(values[name])
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            rows = cursor.fetchall()
        return [self._instance(self._converted(row)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        """Do what SQLCompiler.apply_converters does, with the connection of this thread."""
        converted = list(row)
        for place, (converters, expression) in self.converters.items():
            for converter in converters:
                converted[place] = converter(converted[place], expression, connection)
        return converted

    def _instance(self, row: Sequence[Any]) -> M:
        """Do what ModelIterable does."""
        start, end, names = self._own_columns
        instance: M = self._model.from_db(connection.alias, names, row[start:end])
        for populator in self._populators:
            populator.populate(row, instance)
        for name, place in (self.compiler.annotation_col_map or {}).items():
            setattr(instance, name, row[place])
        return instance

    @cached_property
    def _model(self) -> type[M]:
        model: type[M] = self.compiler.klass_info["model"]
        return model

    @cached_property
    def _own_columns(self) -> tuple[int, int, list[str]]:
        fields = self.compiler.klass_info["select_fields"]
        start, end = fields[0], fields[-1] + 1
        return start, end, [each[0].target.attname for each in self.compiler.select[start:end]]

    @cached_property
    def _populators(self) -> list[Any]:
        about = self.compiler.klass_info, self.compiler.select
        found: list[Any] = get_related_populators(*about, connection.alias)  # type: ignore[call-arg]  # of a newer Django
        return found


def _is_key(value: object) -> bool:
    return isinstance(value, int | str)
