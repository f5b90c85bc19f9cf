"""All settings, a file for each part of the system; `shared.settings` puts them together.

A class's docstring is its heading in docs/reference/settings.md. What must fit together is checked where it stands.
"""
