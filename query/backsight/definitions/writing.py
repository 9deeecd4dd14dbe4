"""The names of a site as an events file: YAML that people write so, and that reads back as the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml

from backsight.cohorts import Cohort
from backsight.definitions.document import NUMBER
from backsight.named_events import NamedEvent
from backsight.rules.rule import rule_to_json

WIDTH: Final = 100


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML has no types
    """As `yaml.safe_dump` writes, but lists stand below their key, and `on` needs no quotes."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data: object) -> bool:
        return True

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        if kind is yaml.ScalarNode and value == "on":
            return "tag:yaml.org,2002:str"  # a flag to YAML 1.1 alone
        tag = super().resolve(kind, value, implicit)
        is_number = kind is yaml.ScalarNode and implicit[0] and NUMBER.fullmatch(value)
        return "tag:yaml.org,2002:float" if is_number and tag.endswith(":str") else tag  # in YAML 1.2


def written(events: Sequence[NamedEvent], cohorts: Sequence[Cohort], schema: str) -> str:
    """An events file that says what stands."""
    head = f"# yaml-language-server: $schema={_one_line(schema)}\n"
    content: dict[str, Any] = {"version": 1, "events": {each.name: _event(each) for each in events}}
    dynamic = [each for each in cohorts if each.person_where is not None]
    if dynamic:
        content["cohorts"] = {each.name: _cohort(each) for each in dynamic}
    sections = (yaml_text({key: value}) for key, value in content.items())
    return head + "\n".join(sections)


def yaml_text(value: object) -> str:
    """A JSON value as it stands in an events file."""
    return str(yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, indent=2))


def said(definition: Mapping[str, Any]) -> dict[str, Any]:
    """What `{"rules" | "person_where" | "members", "description"}` says, as a file says it in short."""
    described = {"description": definition["description"]} if definition.get("description") else {}
    rules = definition.get("rules")
    if rules is None:
        return described | {key: each for key, each in definition.items() if key != "description"}
    return described | (dict(rules[0]) if len(rules) == 1 else {"rules": rules})


def _event(event: NamedEvent) -> dict[str, Any]:
    return said({"rules": [rule_to_json(rule) for rule in event.rules], "description": event.description})


def _cohort(cohort: Cohort) -> dict[str, Any]:
    return said({"person_where": list(cohort.person_where or ()), "description": cohort.description})


def _one_line(text: str) -> str:
    return "".join(char for char in text if char.isprintable())
