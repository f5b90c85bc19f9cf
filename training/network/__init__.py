"""The network in torch: a backbone that knows photos, and a light decoder.

clothing_net             the whole
mobilenet, efficientnet  the backbones; convolution and depthwise are what they are made of
attention                between all places of the smallest features
fine_tuning, transplant  where its first weights come from: an exported network, or another backbone's decoder
interpolation            weights between those that a run began with and those that it ended with
"""
