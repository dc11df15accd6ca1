"""How a spec is laid out: from the syntax tree and the comments of its source to lines. Used by `medspec.syntax.format`."""
