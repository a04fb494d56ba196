"""The two rulebooks as data and pure functions: no database, no Qt, no clock."""
