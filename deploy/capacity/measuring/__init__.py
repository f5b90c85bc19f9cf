"""Unit costs of a running installation, by what its servers and the kernel count while photos go through.

client      sends photos, polls as it is told, and fetches the pictures
counters    what is read before and after
processes   the CPU time of an installation's processes, by their part
experiment  photos of several sizes, and what each cost
fit         from the cost of each size to a fixed part and a part a megapixel
findings    what came out, under the names of unit_costs.toml
"""
