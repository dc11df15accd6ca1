"""The catalogue of optimiser passes: one file per member; their order is `PASSES` in `medspec.plan.optimise`."""
