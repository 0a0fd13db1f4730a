raise RuntimeError("the disk is on fire")
