"""What the bytes of an image file say without a pixel being decoded, so that the front end can refuse it.

header          format, size, orientation, colours: what `POST` looks at
jpeg_segments   the segments of a JPEG; multi_picture: the other pictures in it
tiff_directory  the entries of EXIF and of the multi-picture format
png_chunks      the chunks of a PNG
bmp_header      the headers of a BMP
"""
