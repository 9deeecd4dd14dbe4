"""Every statement of more than a line, a file each: what another engine over the same tables would read."""

from importlib.resources import files


def load_sql(name: str) -> str:
    """A statement's text, without the newline at its end."""
    return (files("backsight.sql") / f"{name}.sql").read_text().strip()


def indented(sql: str, by: str = "    ") -> str:
    """The SQL, every line but the first moved to the right."""
    return sql.replace("\n", "\n" + by)
