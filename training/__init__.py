"""How the bundled network is made: data, augmentation, training, evaluation, export. Nothing imports this room."""

import os

# As in `worker/network`: nobody outside is told what runs here.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
