"""A command: words that are parsed, a function that is called with them, and help.

A word that is empty is refused. A shell leaves such a word where a variable is not set, as in `--out "$MODEL"`; to take
it for an option that is not given would train on another data set, or write to another place.
"""

import click


class Command(click.Command):
    """A command that refuses an empty word, where a path, a name or a number belongs.

    Parameters
    ----------
    may_be_empty : tuple of str
        The parameters that may be empty, by their names in Python, such as a text to classify.
    """

    def __init__(self, *arguments, may_be_empty=(), **settings):
        super().__init__(*arguments, **settings)
        self.may_be_empty = may_be_empty

    def parse_args(self, ctx, args):
        """Parse the words; raise a usage error for an empty one."""
        if not ctx.resilient_parsing:
            given, _, _ = self.make_parser(ctx).parse_args(list(args))
            for param in self.params:
                if param.name not in self.may_be_empty and _holds_empty(given.get(param.name)):
                    raise click.BadParameter("it is empty; give a value, or leave it out.", ctx, param)
        return super().parse_args(ctx, args)


def _holds_empty(value):
    return value == "" or (isinstance(value, list | tuple) and "" in value)
