"""How good a network is: scores, how much of them is chance, and pictures to look at.

shop_scores      shop photos, whose garments are known to the pixel
bootstrap        intervals
plots, sheet     bars and confusions; contact sheets
"""
