"""What was done: the mode word, the nodes that recorded ops leave, and the sweeps over them.

Nothing here knows an array class or an op.
"""
