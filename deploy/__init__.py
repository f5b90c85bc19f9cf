"""How Cutwork is run: locally, in containers, and by its operator."""
