"""The network: from a frame to logits.

segmenter               what the image path asks for, and the types of frames and logits
session                 a network in memory, held to its manifest, on a CPU or a GPU
test_time_augmentation  the mean of two looks: one from afar, one from nearer and mirrored
batching                frames of several jobs in one run, for a GPU
shape_buckets           frames padded to a few shapes, for a GPU

Which file it is and what it expects, its manifest says: `shared/manifest.py`.
"""

import os

# Read when ONNX Runtime is loaded. From 1.32 on it otherwise reports to its makers, and keeps a record at home.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
