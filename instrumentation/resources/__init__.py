"""Where a service runs: what is known of host, process, container, pod and task, without anybody having to say it.

What the machine itself knows is read when the service is instrumented: some small files and the environment, nothing that
could wait. What has to be asked for over a network (`discovery.py`) is asked for in the background, after the start, and
stands on every export from then on. Whatever `OTEL_RESOURCE_ATTRIBUTES` says stands above all of it.
"""
