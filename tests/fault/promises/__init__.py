"""`python -m tests.fault.promises`: what README promises of accepted jobs, measured at the default settings."""
