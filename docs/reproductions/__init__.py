"""One file for each benchmark whose published figures are computed again."""
