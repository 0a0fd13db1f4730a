import tapegrad


@tapegrad.hookimpl
def tapegrad_register_backends(register):
    raise ZeroDivisionError("not today")
