"""The image path: from the bytes of an upload to the pictures that are delivered.

cutout           the path from end to end
photo            pixels, upright and sRGB, with the opacity that they came with
decoding         bytes to a photo: jpeg_decoding (by turbo_jpeg, or jpeg_rare_sampling), png_decoding (png_lines are
                 bytes, png_samples what they mean), bmp_decoding; colour converts to sRGB, png_colour is what a PNG
                 says of its colours
downscaling      smaller copies
enlarging        larger ones, some rows at a time
patch            pixels of a part, which is all there is
prepared_photo   a photo, or a crop of it, with what several steps look at
letterbox        how a photo lies in the network's frame
frame            the numbers that the network is fed
segmentation     logits to opacities at the network's size, tidied
crop             which part to look at again from nearer
mattes           opacities at the photo's size, one a category
refinement       edges moved to the photo's edges
decontamination  edges cleaned of the colours behind them
bounding_box     where in the photo the clothing is
placement        where in the picture it belongs: cropped, or on a canvas
rendering        the picture in the form that was asked for
picture          a picture drawn some rows at a time, while it is written
encoding         its bytes in the format that was asked for; png_encoding is our own
quality_report   what was measured of it
"""
