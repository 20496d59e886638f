"""The integration database: what was read, what was decided, what was done, and why."""
