"""How far two raters agree, and what a judge's rate says of the true one."""
