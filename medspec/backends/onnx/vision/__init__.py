"""Models that see images, in three graphs: a vision encoder, the table of token vectors, and the decoder.

The decoder's loop is that of text models. Places of an image in a prompt have negative ids, which name vectors of that image;
see `features`.
"""
