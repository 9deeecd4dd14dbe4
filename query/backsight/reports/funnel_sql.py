"""The funnel's statement: stages that grow with the number of steps, put together one step at a time."""

from __future__ import annotations

from backsight.reports.matched import indented, load_sql
from backsight.reports.order import LAST_SEQUENCE, instant_sql


def funnel_sql(steps: int, entry: str, window: str, starts_before: str, now: str) -> str:
    """The statement over the relations `{matched}` and `resolved`; the last three are parameters in SQL.

    One row: `count_k`, `open_k`, `mean_k` and `quantiles_k` (median and p90, in microseconds) of each step,
    and `unordered`, the matched rows of persons whose events have no order where that may matter.
    """
    numbers = range(1, steps + 1)
    stages = [_stage("matched as materialized", "{matched}")]
    stages.append(_stage("step_1", load_sql(f"funnel_{entry}_first").format(starts_before=starts_before)))
    stages += [_stage(f"step_{k} as materialized", _step(k, entry, window)) for k in numbers[1:]]
    stages += [_stage(f"reached_{k}", _reached(k)) for k in numbers]
    stages.append(_stage("attempts", _attempts(steps)))
    stages.append(_stage("disordered", _disordered(steps)))
    figures = [figure for k in numbers for figure in _figures(k, steps, window, now)]
    listed = ",\n    ".join([*figures, _unordered(steps)])
    return "with " + ",\n".join(stages) + f"\nselect\n    {listed}\nfrom attempts"


def _stage(head: str, body: str) -> str:
    name = head if " as " in f"{head} " else f"{head} as"
    return f"{name} (\n    {indented(body.strip())}\n)"


def _step(k: int, entry: str, window: str) -> str:
    """Each event of step k with the attempt's places so far; those of the latest attempt that leads there."""
    return load_sql(f"funnel_{entry}_next").format(
        k=k,
        previous=k - 1,
        places=_places(k, "earlier."),
        elapsed=f"{instant_sql('later.place')} - {instant_sql('earlier.place_1')}",
        window=window,
    )


def _reached(k: int) -> str:
    """Per person, the attempt that got to step k first; of several, the one with the latest steps."""
    soonest = f"xor(place_{k}, {LAST_SEQUENCE})"  # by time upwards, then by sequence downwards
    chosen = [f"arg_min(place_{earlier}, {soonest}) as place_{earlier}" for earlier in range(1, k)]
    figures = [*chosen, f"min(place_{k}) as place_{k}", *(["max(place_1) as last_start"] if k == 1 else [])]
    return f"select person, {', '.join(figures)}\nfrom step_{k}\ngroup by person"


def _attempts(steps: int) -> str:
    """Per person, the attempt that got furthest; its places are null from the first step not reached."""
    columns = [f"{_furthest(place, steps)} as place_{place}" for place in range(1, steps + 1)]
    joins = "".join(
        f"\n    left join reached_{k} on reached_{k}.person = reached_1.person" for k in range(2, steps + 1)
    )
    listed = ",\n    ".join(["reached_1.person", "reached_1.last_start", *columns])
    computed = f"select\n    {listed}\nfrom reached_1{joins}"
    names = ", ".join(["person", "last_start", *(f"place_{k}" for k in range(1, steps + 1))])
    apart = "where reached_1.person not in (select person from resolved)"
    return f"{computed}\n{apart}\nunion all\nselect {names} from resolved"


def _furthest(place: int, steps: int) -> str:
    candidates = [f"reached_{k}.place_{place}" for k in range(steps, place - 1, -1)]
    return f"coalesce({', '.join(candidates)})"


def _disordered(steps: int) -> str:
    """Persons with events of neighbouring steps at the same time that no sequence puts in order."""
    pairs = [load_sql("funnel_disordered").strip().format(k=k, following=k + 1) for k in range(1, steps)]
    return "\nunion\n".join(pairs) if pairs else "select person from matched where false"


def _unordered(steps: int) -> str:
    bits = " + ".join(f"(matched.step_{k}::integer << {k - 1})" for k in range(1, steps + 1))
    return indented(load_sql("funnel_unordered").strip().format(steps=bits))


def _figures(k: int, steps: int, window: str, now: str) -> list[str]:
    here = f"place_{k} is not null"
    if k == steps:
        still_open = f"0 as open_{k}"
    else:
        pending = f"{instant_sql('last_start')} + {window} >= {now}"
        still_open = f"count(*) filter (where {here} and place_{k + 1} is null and {pending}) as open_{k}"
    figures = [f"count(*) filter (where {here}) as count_{k}", still_open]
    if k > 1:
        taken = f"{instant_sql(f'place_{k}')} - {instant_sql(f'place_{k - 1}')}"
        figures += [f"avg({taken}) as mean_{k}", f"quantile_cont({taken}, [0.5, 0.9]) as quantiles_{k}"]
    return figures


def _places(k: int, prefix: str) -> str:
    return ", ".join(f"{prefix}place_{earlier}" for earlier in range(1, k))
