"""Tables and the engine; no rules. Opening an office needs no table's class, so none is imported here."""
