"""`backsight preview`, `funnel`, …: questions, with the options of the Python methods; a module a command."""
