"""Which instance of Amazon EC2 a service runs on: asked of the instance metadata service, version 2, and only where it was asked for.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from .. import names
from .asking import NoAnswer, document

ENDPOINT: Final = "http://169.254.169.254"
TOKEN_HEADER: Final = "X-aws-ec2-metadata-token"  # noqa: S105 - a header's name
TTL_HEADER: Final = "X-aws-ec2-metadata-token-ttl-seconds"
KEYS: Final = {
    "region": names.CLOUD_REGION,
    "accountId": names.CLOUD_ACCOUNT_ID,
    "availabilityZone": names.CLOUD_AVAILABILITY_ZONE,
    "instanceId": names.HOST_ID,
    "instanceType": names.HOST_TYPE,
    "imageId": names.HOST_IMAGE_ID,
}
"""What the identity document calls it -> what the conventions call it."""


def ec2(request: Callable[[str, str, Mapping[str, str]], bytes], endpoint: str = ENDPOINT) -> dict[str, str]:
    """What the instance says of itself. Raises `NoAnswer`."""
    token = request("PUT", f"{endpoint}/latest/api/token", {TTL_HEADER: "60"}).decode("ascii", "replace")
    if not token.isprintable():
        raise NoAnswer("the instance's token can't be read")
    body = request("GET", f"{endpoint}/latest/dynamic/instance-identity/document", {TOKEN_HEADER: token})
    said = document(body, "the instance's identity")
    found = {name: said[key] for key, name in KEYS.items() if isinstance(said.get(key), str)}
    return {names.CLOUD_PROVIDER: "aws", names.CLOUD_PLATFORM: "aws_ec2", **found}
