"""Hooks that have deployment tools ask the gate: CodeDeploy, and beside it, as YAML, GitHub Actions, Argo Rollouts and Flagger."""
