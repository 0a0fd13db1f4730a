"""What judges ops and engines: samples, checks, the suite, and the pytest plug-in that runs it."""
