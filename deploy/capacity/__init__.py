"""How large an installation has to be: unit costs → plan; a simulation that checks it; the costs' measurement."""
