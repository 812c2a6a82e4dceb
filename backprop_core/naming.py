"""Naming: finding a registered part by its name, and listing the known names if it is unknown."""

from backprop_core.errors import BackpropError


def look_up(what, name, choices, otherwise=""):
    """Return `choices[name]`.

    Parameters
    ----------
    what : str, what the names are names of, such as "activation"
    name : str
    choices : dict by name
    otherwise : str, what else can be done where the name is unknown

    Raises
    ------
    BackpropError
        The name is unknown; it says which name comes near, and which there are.
    """
    if isinstance(name, str) and name in choices:
        return choices[name]
    import difflib

    near = difflib.get_close_matches(name.lower(), choices, n=1) if isinstance(name, str) else []
    meant = f"did you mean {near[0]!r}? " if near else ""
    otherwise = f", {otherwise}" if otherwise else ""
    raise BackpropError(f"{what} {name!r} is unknown; {meant}choose one of {', '.join(choices)}{otherwise}")
